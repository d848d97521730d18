/// An element of `Accept`: a media range and its weight.
pub(super) struct Range<'a> {
    kind: &'a [u8],
    subtype: &'a [u8],
    /// In thousandths.
    pub(super) weight: u16,
}

impl<'a> Range<'a> {
    /// Parses the elements of `accept`, without those that are invalid.
    pub(super) fn all(accept: &'a [u8]) -> impl Iterator<Item = Self> {
        Elements { rest: accept, separator: b',' }.filter_map(Self::parse)
    }

    /// Parses one element. Returns `None` if it is not a media range or its weight is invalid.
    fn parse(element: &'a [u8]) -> Option<Self> {
        let mut parts = Elements { rest: element, separator: b';' };
        let mut name = parts.next()?.splitn(2, |byte| *byte == b'/');
        let (kind, subtype) = (name.next()?.trim_ascii(), name.next()?.trim_ascii());
        let mut weight = 1000;
        for parameter in parts {
            if let [b'q' | b'Q', b'=', digits @ ..] = parameter.trim_ascii() {
                weight = thousandths(digits)?;
            }
        }
        Some(Self { kind, subtype, weight })
    }

    /// Returns how specifically the range matches one of `names`: 2 by its name, 1 by its kind, 0 by `*/*`.
    pub(super) fn precision(&self, names: &[&str]) -> Option<u8> {
        let matches = |name: &&str| {
            let (kind, subtype) = name.split_once('/')?;
            match self.kind.eq_ignore_ascii_case(kind.as_bytes()) {
                true if self.subtype.eq_ignore_ascii_case(subtype.as_bytes()) => Some(2),
                true if self.subtype == b"*" => Some(1),
                _ => (self.kind == b"*" && self.subtype == b"*").then_some(0),
            }
        };
        names.iter().filter_map(matches).max()
    }
}

/// Parses a weight (RFC 9110, section 12.4.2): 0 to 1, with at most three digits after the point.
fn thousandths(digits: &[u8]) -> Option<u16> {
    let (whole, fraction) = match digits {
        [whole] => (whole, &[][..]),
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (whole, fraction),
        _ => return None,
    };
    let mut weight = match whole {
        b'0' => 0,
        b'1' => 1000,
        _ => return None,
    };
    for (byte, unit) in fraction.iter().zip([100, 10, 1]) {
        weight += u16::from(byte.is_ascii_digit().then(|| byte - b'0')?) * unit;
    }
    (weight <= 1000).then_some(weight)
}

/// Splits at a separator, but not inside quotes.
struct Elements<'a> {
    rest: &'a [u8],
    separator: u8,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let end = self.rest.iter().position(|byte| {
            let ends = *byte == self.separator && !quoted;
            quoted ^= *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && quoted && !escaped;
            ends
        });
        let (element, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_has_at_most_three_digits_and_is_at_most_one() {
        assert_eq!(thousandths(b"0"), Some(0));
        assert_eq!(thousandths(b"0.07"), Some(70));
        assert_eq!(thousandths(b"1.000"), Some(1000));
        for bad in ["", "2", "1.001", "0.1234", "0,5", ".5", "0.x", "-0"] {
            assert_eq!(thousandths(bad.as_bytes()), None, "{bad}");
        }
    }
}
