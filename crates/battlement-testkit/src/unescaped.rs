/// Returns the bytes of a value that an access log has escaped: `\u{..}` is a character and `\x..` is a byte.
///
/// # Panics
///
/// If a backslash in `text` does not start an escape.
///
/// # Example
///
/// ```
/// use battlement_testkit::unescaped;
///
/// assert_eq!(unescaped(r"a\u{a}\xff\u{5c}x"), b"a\n\xff\\x");
/// ```
#[must_use]
pub fn unescaped(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = match after.strip_prefix('x') {
            Some(hex) => byte(hex, &mut bytes),
            None => character(after, &mut bytes),
        }
        .unwrap_or_else(|| panic!("a backslash must start an escape: {text:?}"));
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

/// Appends the byte with the two digits at the start of `hex`, and returns the rest.
fn byte<'a>(hex: &'a str, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let (digits, rest) = hex.split_at_checked(2)?;
    bytes.push(u8::from_str_radix(digits, 16).ok()?);
    Some(rest)
}

/// Appends the character with the number at the start of `text`, and returns the rest.
fn character<'a>(text: &'a str, bytes: &mut Vec<u8>) -> Option<&'a str> {
    let (digits, rest) = text.strip_prefix("u{")?.split_once('}')?;
    let char = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "a backslash must start an escape")]
    fn a_backslash_that_starts_no_escape_is_rejected() {
        let _ = unescaped("a\\n");
    }
}
