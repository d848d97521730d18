use std::time::Duration;

use http::HeaderValue;

/// A header value that is written from its end, since digits are computed in that order and their number is not known
/// before.
pub(super) struct Text<'a> {
    buffer: &'a mut [u8],
    /// The start of the written part.
    start: usize,
}

/// The maximum number of digits of a number.
pub(super) const DIGITS: usize = 20;
/// All numbers of two digits, which halve the number of divisions.
const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899";

impl<'a> Text<'a> {
    /// Creates an empty text in this buffer, which must be large enough.
    #[inline]
    pub(super) const fn in_buffer(buffer: &'a mut [u8]) -> Self {
        let start = buffer.len();
        Self { buffer, start }
    }

    /// Prepends `text`. Inlined, since it is most often known at compile time.
    #[inline]
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Prepends `number`.
    #[inline]
    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        while number >= 100 {
            self.bytes(pair(number % 100));
            number /= 100;
        }
        let last = pair(number);
        self.bytes(if number < 10 { &last[1..] } else { last })
    }

    /// Prepends a comma, unless the text is empty.
    #[inline]
    pub(super) fn comma(&mut self) -> &mut Self {
        if self.start < self.buffer.len() { self.text(",") } else { self }
    }

    pub(super) fn value(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(self.written()).ok()
    }

    /// Returns the whole text, unless it is empty.
    #[inline]
    pub(super) fn boxed(&self) -> Option<Box<[u8]>> {
        Some(self.written()).filter(|text| !text.is_empty()).map(Box::from)
    }

    fn written(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    #[inline]
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.start;
        self.start -= bytes.len();
        self.buffer[self.start..end].copy_from_slice(bytes);
        self
    }
}

/// Returns the two digits of a number below 100.
#[inline]
fn pair(number: u64) -> &'static [u8] {
    let at = number as usize * 2;
    &PAIRS[at..at + 2]
}

/// Returns whole seconds, rounded up.
#[inline]
pub(super) fn seconds_up(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_format_writes_them(number: u64, shift in 0_u32..64) {
            let number = number >> shift;
            let value = Text::in_buffer(&mut [0; DIGITS]).number(number).value().unwrap();
            prop_assert_eq!(value.to_str().unwrap(), number.to_string());
        }

        #[test]
        fn a_text_is_written_from_its_end(parts in prop::collection::vec(("[ -~]{0,40}", 0_u64..1_000_000), 1..20)) {
            let mut buffer = [0; 20 * (40 + DIGITS + 1)];
            let (mut text, mut expected) = (Text::in_buffer(&mut buffer), Vec::new());
            for (part, number) in &parts {
                text.comma().number(*number).text(part);
                expected.insert(0, format!("{part}{number}"));
            }
            let value = text.value().unwrap();
            prop_assert_eq!(value.to_str().unwrap(), expected.join(","));
        }
    }

    #[test]
    fn numbers_at_the_edges_are_written_as_format_writes_them() {
        for number in [0, 7, 9, 10, 11, 99, 100, 101, 999, 1_000, 1_001, u64::MAX] {
            let value = Text::in_buffer(&mut [0; DIGITS]).number(number).value().unwrap();
            assert_eq!(value.to_str().unwrap(), number.to_string());
        }
    }
}
