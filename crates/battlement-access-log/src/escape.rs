//! Escaping of text that a client chooses, so that it cannot break a line or imitate another one.

use std::{borrow::Cow, fmt::Write};

use crate::truncate::cut;

/// The mark at the end of a value that was cut. No other value has it, since a backslash of a value is escaped.
const MARK: &str = "\\…";

/// Returns `value` as one line of printable text of at most `longest` bytes before escaping, with a mark at the end if
/// it was cut.
///
/// A backslash and every character that could break a line or change its display is written as `\u{..}`, and a byte that
/// is not part of UTF-8 as `\x..`, so the text can be turned back.
pub(crate) fn escaped(value: &[u8], longest: usize) -> Cow<'_, str> {
    escaped_with(value, longest, |_| false)
}

/// Returns `value` as [`escaped`] does, with quotation marks escaped as well, for a place between quotation marks.
pub(crate) fn quoted(value: &[u8], longest: usize) -> Cow<'_, str> {
    escaped_with(value, longest, |char| char == '"')
}

fn escaped_with(value: &[u8], longest: usize, also: fn(char) -> bool) -> Cow<'_, str> {
    let (value, is_cut) = cut(value, longest);
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && *byte != b'\\';
    if !is_cut
        && value.iter().all(|byte| is_plain(byte) && !also(char::from(*byte)))
        && let Ok(text) = str::from_utf8(value)
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(value.len() + 16);
    for chunk in value.utf8_chunks() {
        for char in chunk.valid().chars() {
            if char == '\\' || also(char) || needs_escape(char) {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(char));
            } else {
                text.push(char);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if is_cut {
        text.push_str(MARK);
    }
    Cow::Owned(text)
}

/// Returns whether a character breaks a line, is a control character, is invisible, or changes the direction of text.
pub(crate) const fn needs_escape(char: char) -> bool {
    matches!(
        char,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests;
