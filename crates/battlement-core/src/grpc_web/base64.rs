/// A decoder of base64, one digit at a time, whose groups may be padded anywhere.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base64 {
    bits: u32,
    digits: u8,
    padding: u8,
}

/// The one to three bytes of a group of four digits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    bytes: [u8; 4],
    len: usize,
}

impl AsRef<[u8]> for Group {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[1..=self.len]
    }
}

/// The error of input that is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Base64 {
    /// Decodes the next digit, and returns the group that it completes.
    pub(super) fn push(&mut self, digit: u8) -> Result<Option<Group>, Malformed> {
        let value = match (digit, self.padding) {
            (b'=', 0 | 1) if self.digits >= 2 => {
                self.padding += 1;
                0
            }
            (_, 0) => value(digit).ok_or(Malformed)?,
            _ => return Err(Malformed),
        };
        self.bits = self.bits << 6 | u32::from(value);
        self.digits += 1;
        if self.digits < 4 {
            return Ok(None);
        }
        let group = Group { bytes: self.bits.to_be_bytes(), len: 3 - usize::from(self.padding) };
        *self = Self::default();
        Ok(Some(group))
    }
}

/// Returns the value of a digit (RFC 4648, section 4).
pub(crate) const fn value(digit: u8) -> Option<u8> {
    Some(match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
        let mut base64 = Base64::default();
        let mut bytes = Vec::new();
        for digit in text.bytes() {
            bytes.extend(base64.push(digit)?.iter().flat_map(AsRef::as_ref));
        }
        Ok(bytes)
    }

    #[test]
    fn groups_are_decoded_and_may_be_padded_in_the_middle() {
        // RFC 4648, section 10.
        for (text, bytes) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zg==Zm8=Zm9v", "ffofoo"),
            ("Zm9", ""),
        ] {
            assert_eq!(decode(text).as_deref(), Ok(bytes.as_bytes()), "{text}");
        }
        assert_eq!(decode("+/9A").unwrap(), [0xfb, 0xff, 0x40]);
    }

    #[test]
    fn text_that_is_not_base64_is_an_error() {
        for text in ["=", "Z===", "Zg=v", "Zm9v=", "Z g=", "Zm9\n", "Zm9-", "Zm9_", "\u{e9}"] {
            assert_eq!(decode(text), Err(Malformed), "{text:?}");
        }
    }
}
