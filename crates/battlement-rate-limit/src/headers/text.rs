use std::time::Duration;

use http::HeaderValue;

/// A header's value as it is put together. Most fit, and take no allocation before the value's own.
pub(super) struct Text {
    short: [u8; SHORT],
    len: usize,
    /// All of it, once it is longer.
    long: Vec<u8>,
}

const SHORT: usize = 96;
/// Enough for any number.
const DIGITS: usize = 20;

impl Text {
    pub(super) const fn new() -> Self {
        Self { short: [0; SHORT], len: 0, long: Vec::new() }
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        let mut digits = [b'0'; DIGITS];
        let mut first = DIGITS - 1;
        loop {
            digits[first] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
            first -= 1;
        }
        self.bytes(&digits[first..])
    }

    /// Parts a list, unless nothing stands in it yet.
    pub(super) fn comma(&mut self) -> &mut Self {
        if self.len > 0 { self.bytes(b",") } else { self }
    }

    pub(super) fn value(&self) -> Option<HeaderValue> {
        let written = if self.long.is_empty() { &self.short[..self.len] } else { &self.long };
        HeaderValue::from_bytes(written).ok()
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.len + bytes.len();
        match self.short.get_mut(self.len..end) {
            Some(room) if self.long.is_empty() => room.copy_from_slice(bytes),
            _ => {
                if self.long.is_empty() {
                    self.long.extend_from_slice(&self.short[..self.len]);
                }
                self.long.extend_from_slice(bytes);
            }
        }
        self.len = end;
        self
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_format_writes_them() {
        for number in [0, 7, 10, 999, 1_000, u64::MAX] {
            let value = Text::new().number(number).value().unwrap();
            assert_eq!(value.to_str().unwrap(), number.to_string());
        }
    }

    #[test]
    fn a_text_of_any_length_is_whole() {
        for count in [1, 9, 10, 11, 30] {
            let mut text = Text::new();
            for _ in 0..count {
                text.comma().text("123456").text("789");
            }
            let expected = vec!["123456789"; count].join(",");
            assert_eq!(text.value().unwrap().to_str().unwrap(), expected);
        }
    }
}
