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

    /// Inlined, since what is written is most often known when this is built.
    #[inline]
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        let end = self.len + text.len();
        match self.short.get_mut(self.len..end) {
            Some(room) => room.copy_from_slice(text.as_bytes()),
            None => self.lengthen(text.as_bytes()),
        }
        self.len = end;
        self
    }

    pub(super) fn number(&mut self, mut number: u64) -> &mut Self {
        let count = number.checked_ilog10().unwrap_or(0) as usize + 1;
        let mut digits = [b'0'; DIGITS];
        let room = match self.short.get_mut(self.len..self.len + count) {
            Some(room) => room,
            None => &mut digits[..count],
        };
        for digit in room.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        if self.len + count > SHORT {
            self.lengthen(&digits[..count]);
        }
        self.len += count;
        self
    }

    /// Parts a list, unless nothing stands in it yet.
    #[inline]
    pub(super) fn comma(&mut self) -> &mut Self {
        if self.len > 0 { self.text(",") } else { self }
    }

    pub(super) fn value(&self) -> Option<HeaderValue> {
        let written = self.short.get(..self.len).unwrap_or(&self.long);
        HeaderValue::from_bytes(written).ok()
    }

    #[cold]
    fn lengthen(&mut self, bytes: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(&self.short[..self.len]);
        }
        self.long.extend_from_slice(bytes);
    }
}

/// Whole seconds, rounded up.
pub(super) fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_written_as_format_writes_them() {
        for number in [0, 7, 9, 10, 11, 99, 100, 999, 1_000, u64::MAX] {
            let value = Text::new().number(number).value().unwrap();
            assert_eq!(value.to_str().unwrap(), number.to_string());
        }
    }

    proptest! {
        #[test]
        fn a_text_of_any_length_is_whole(parts in prop::collection::vec(("[ -~]{0,40}", 0_u64..1_000_000), 1..20)) {
            let (mut text, mut expected) = (Text::new(), String::new());
            for (part, number) in &parts {
                text.comma().text(part).number(*number);
                let comma = if expected.is_empty() { "" } else { "," };
                expected.push_str(&format!("{comma}{part}{number}"));
            }
            let value = text.value().unwrap();
            prop_assert_eq!(value.to_str().unwrap(), expected);
        }
    }
}
