use http::{HeaderMap, HeaderName, HeaderValue};

/// The largest number that is read or written: 8 digits, as gRPC has it.
pub(super) const MOST: u64 = 99_999_999;

/// Reads 1 to 8 ASCII digits.
pub(super) fn read(digits: &[u8]) -> Option<u32> {
    if !(1..=8).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    })
}

/// Writes a number of at most 8 digits and its unit, of at most 2 letters.
pub(super) fn write(number: u64, unit: &str) -> HeaderValue {
    let mut text = [0; 10];
    let end = 8 + unit.len();
    text[8..end].copy_from_slice(unit.as_bytes());
    let (mut start, mut rest) = (8, number.min(MOST) as u32);
    loop {
        start -= 1;
        text[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    HeaderValue::from_bytes(&text[start..end]).expect("digits and letters are valid in a header")
}

/// Returns the only line of a header; `None` if there are others.
#[inline]
pub(super) fn only_line<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    lines.next().is_none().then(|| line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_1_to_8_digits_and_nothing_else() {
        assert_eq!(read(b"0"), Some(0));
        assert_eq!(read(b"00000042"), Some(42));
        assert_eq!(read(b"99999999"), Some(99_999_999));
        for malformed in ["", "100000000", "000000001", "-1", "+1", " 1", "1 ", "1.5", "1e3", "٣"]
        {
            assert_eq!(read(malformed.as_bytes()), None, "{malformed:?}");
        }
    }

    #[test]
    fn a_number_is_written_without_leading_zeros() {
        for (number, unit, text) in
            [(0, "n", "0n"), (7, "", "7"), (1200, "ms", "1200ms"), (u64::MAX, "H", "99999999H")]
        {
            assert_eq!(write(number, unit), text);
        }
    }
}
