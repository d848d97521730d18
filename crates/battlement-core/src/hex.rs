/// Writes four bytes as eight lowercase digits, all at once: a nibble to each byte of a word, then the
/// digit of each nibble.
const fn hex_word(bytes: [u8; 4]) -> [u8; 8] {
    let mut nibbles = u32::from_be_bytes(bytes) as u64;
    nibbles = (nibbles | (nibbles << 16)) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles | (nibbles << 8)) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles | (nibbles << 4)) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((nibbles + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    let to_letter = (b'a' - b'9' - 1) as u64;
    (nibbles + 0x3030_3030_3030_3030 + letters * to_letter).to_be_bytes()
}

/// Writes `bytes` as lowercase hexadecimal digits; `DIGITS` is twice `BYTES`, a multiple of four.
#[must_use]
pub fn hex<const BYTES: usize, const DIGITS: usize>(bytes: [u8; BYTES]) -> [u8; DIGITS] {
    const { assert!(DIGITS == 2 * BYTES && BYTES.is_multiple_of(4), "whole words") };
    let mut digits = [0; DIGITS];
    let words = bytes.as_chunks::<4>().0.iter().copied();
    for (out, word) in digits.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *out = hex_word(word);
    }
    digits
}

/// Writes one byte as two lowercase digits.
pub(crate) const fn hex_byte(byte: u8) -> [u8; 2] {
    let [.., high, low] = hex_word([0, 0, 0, byte]);
    [high, low]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn digits_are_those_that_format_writes(bytes in any::<[u8; 16]>()) {
            let digits: [u8; 32] = hex(bytes);
            let expected = format!("{:032x}", u128::from_be_bytes(bytes));
            prop_assert_eq!(std::str::from_utf8(&digits).unwrap(), expected);
            prop_assert_eq!(&hex_byte(bytes[0]), &digits[..2]);
        }
    }
}
