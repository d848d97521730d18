use http::{HeaderValue, header::GetAll};

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
    let digits = decimal(number.min(MOST));
    // The last digit stays, also of zero.
    let start = (digits.trailing_zeros() / 8).min(7) as usize;
    let mut text = [0; 10];
    text[..8].copy_from_slice(&(digits | u64::from_ne_bytes([b'0'; 8])).to_le_bytes());
    let mut end = 8;
    for letter in unit.bytes() {
        text[end] = letter;
        end += 1;
    }
    HeaderValue::from_bytes(&text[start..end]).expect("digits and letters are valid in a header")
}

/// Returns the 8 decimal digits of `number`, one a byte, the first in the lowest byte.
// Halves the digits of all parts at once: 8 digits, then twice 4, four times 2, and eight times 1. A division for each
// digit takes four times as long.
const fn decimal(number: u64) -> u64 {
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let high = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = high | ((fours - 100 * high) << 16);
    let high = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    high | ((twos - 10 * high) << 8)
}

/// Returns the only line of a header; `None` if the header has no line or several.
#[inline]
pub(super) fn only_line<'a>(lines: &GetAll<'a, HeaderValue>) -> Option<&'a [u8]> {
    let mut lines = lines.iter();
    let line = lines.next()?;
    lines.next().is_none().then(|| line.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn any_number_is_written_as_its_digits(number in 0..=MOST) {
            prop_assert_eq!(write(number, "m"), format!("{number}m"));
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
