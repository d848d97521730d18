use std::time::Duration;

use http::HeaderValue;
use smallvec::SmallVec;

/// A header's value as it is put together: most take no allocation before the value's own.
#[derive(Default)]
pub(super) struct Text(SmallVec<[u8; 128]>);

/// Enough for any number.
const DIGITS: usize = 20;

impl Text {
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend_from_slice(text.as_bytes());
        self
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
        self.0.extend_from_slice(&digits[first..]);
        self
    }

    /// Parts a list, unless nothing stands in it yet.
    pub(super) fn comma(&mut self) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push(b',');
        }
        self
    }

    pub(super) fn value(&self) -> Option<HeaderValue> {
        HeaderValue::from_bytes(&self.0).ok()
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
            let value = Text::default().number(number).value().unwrap();
            assert_eq!(value.to_str().unwrap(), number.to_string());
        }
    }
}
