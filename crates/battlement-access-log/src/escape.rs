//! Escaping of text that a client chooses, so that it cannot break a line or imitate another one.

use std::{borrow::Cow, fmt::Write};

/// The longest value that is recorded, in bytes.
pub(crate) const LONGEST: usize = 2048;

/// The mark at the end of a value that was cut.
const MARK: &str = "\\…";

/// Returns `value` as one line of printable text of at most `longest` bytes before escaping, with a mark at the end if
/// it was cut.
///
/// A backslash and every character that could break a line or change its display is written as `\u{..}`, and a byte that
/// is not part of UTF-8 as `\x..`, so the text can be turned back.
pub(crate) fn escaped(value: &[u8], longest: usize) -> Cow<'_, str> {
    let (value, is_cut) = match value.split_at_checked(longest) {
        Some((start, rest)) if !rest.is_empty() => (start, true),
        _ => (value, false),
    };
    if !is_cut
        && value.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\')
        && let Ok(text) = str::from_utf8(value)
    {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(value.len() + 16);
    for chunk in value.utf8_chunks() {
        chunk.valid().chars().for_each(|char| push(&mut text, char));
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if is_cut {
        text.push_str(MARK);
    }
    Cow::Owned(text)
}

fn push(text: &mut String, char: char) {
    if char == '\\' || needs_escape(char) {
        let _ = write!(text, "\\u{{{:x}}}", u32::from(char));
    } else {
        text.push(char);
    }
}

/// Returns whether a character breaks a line, is a control character, or changes the direction of text.
const fn needs_escape(char: char) -> bool {
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
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_could_break_a_line_is_escaped_and_other_text_is_borrowed() {
        assert!(matches!(escaped(b"/orders/1", LONGEST), Cow::Borrowed("/orders/1")));
        for (value, expected) in [
            ("a\nb", "a\\u{a}b"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("\x1b[31m", "\\u{1b}[31m"),
            ("\\n", "\\u{5c}n"),
            ("é", "é"),
        ] {
            assert_eq!(escaped(value.as_bytes(), LONGEST), expected);
        }
        assert_eq!(escaped(b"a\xff", LONGEST), "a\\xff");
    }

    #[test]
    fn a_value_that_is_too_long_is_cut_and_marked() {
        assert_eq!(escaped(b"abcdef", 3), "abc\\…");
        assert_eq!(escaped(b"abc", 3), "abc");
    }
}
