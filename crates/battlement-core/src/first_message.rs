use bytes::Buf;
use http::HeaderMap;

use crate::{grpc_web::base64_value, wire::is_web_text};

/// A reader that finds the end of the first message of a gRPC body: one byte of flags, four bytes of length, and the
/// message. A response with more than one message is a stream.
///
/// The frames of `application/grpc-web-text` are base64, padded wherever the sender flushed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstMessage {
    /// The bytes of the prefix that were read.
    prefix: u8,
    /// The length of the message, and then the number of its bytes to come. In bytes, since a number is aligned, and the
    /// reader is part of values that are moved.
    length: [u8; 4],
    text: Option<Digits>,
}

/// The part of a group of base64 digits that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digits {
    None,
    /// A digit, with the bits that are not part of a byte yet.
    One(u8),
    Two(u8),
    Three(u8),
}

const PREFIX: u8 = 5;

impl FirstMessage {
    /// Returns a reader for the body of a response with `headers`.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self { text: is_web_text(headers).then_some(Digits::None), ..Self::default() }
    }

    /// Reads data of the body, and returns whether the first message is complete.
    pub fn read(&mut self, data: &impl Buf) -> bool {
        let chunk = data.chunk();
        match self.text {
            None => self.bytes(chunk, data.remaining()),
            Some(digits) => self.digits(digits, chunk, data.remaining()),
        }
    }

    /// Reads `remaining` bytes, of which those that are not in `chunk` count as 0.
    fn bytes(&mut self, chunk: &[u8], mut remaining: usize) -> bool {
        let (mut chunk, mut length) = (chunk.iter(), u32::from_ne_bytes(self.length));
        while self.prefix < PREFIX && remaining > 0 {
            // The first byte, the flags, is shifted out.
            length = length << 8 | u32::from(chunk.next().copied().unwrap_or_default());
            self.prefix += 1;
            remaining -= 1;
        }
        if self.prefix == PREFIX {
            length = length.saturating_sub(u32::try_from(remaining).unwrap_or(u32::MAX));
        }
        self.length = length.to_ne_bytes();
        self.prefix == PREFIX && length == 0
    }

    fn digits(&mut self, mut digits: Digits, chunk: &[u8], remaining: usize) -> bool {
        let hidden = std::iter::repeat_n(b'A', remaining - chunk.len());
        for digit in chunk.iter().copied().chain(hidden) {
            let byte = digits.push(digit);
            self.text = Some(digits);
            if byte.is_some_and(|byte| self.bytes(&[byte], 1)) {
                return true;
            }
        }
        false
    }
}

impl Digits {
    /// Reads a digit, and returns the byte that it completes. Another character ends the group, as padding does.
    fn push(&mut self, digit: u8) -> Option<u8> {
        let Some(value) = base64_value(digit) else {
            *self = Self::None;
            return None;
        };
        let (next, byte) = match *self {
            Self::None => (Self::One(value), None),
            Self::One(bits) => (Self::Two(value & 15), Some(bits << 2 | value >> 4)),
            Self::Two(bits) => (Self::Three(value & 3), Some(bits << 4 | value >> 2)),
            Self::Three(bits) => (Self::None, Some(bits << 6 | value)),
        };
        *self = next;
        byte
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_message_is_complete_with_its_last_byte_however_it_is_split(
            message in prop::collection::vec(any::<u8>(), 0..40),
            rest in prop::collection::vec(any::<u8>(), 0..10),
            cuts in prop::collection::vec(1_usize..9, 0..40),
        ) {
            let mut body = vec![0];
            body.extend((message.len() as u32).to_be_bytes());
            body.extend(&message);
            let end = body.len();
            body.extend(&rest);
            let (mut reader, mut sent) = (FirstMessage::default(), 0_usize);
            for cut in cuts.iter().copied().chain([usize::MAX]) {
                let next = body.len().min(sent.saturating_add(cut));
                let complete = reader.read(&&body[sent..next]);
                sent = next;
                prop_assert_eq!(complete, sent >= end);
            }
        }

        #[test]
        fn the_first_message_of_text_is_complete_with_the_digit_of_its_last_byte(
            message in prop::collection::vec(any::<u8>(), 0..40),
            rest in prop::collection::vec(any::<u8>(), 0..10),
            flushes in prop::collection::vec(1_usize..9, 0..40),
            cuts in prop::collection::vec(1_usize..9, 0..40),
        ) {
            let mut body = vec![0];
            body.extend((message.len() as u32).to_be_bytes());
            body.extend(&message);
            let end = body.len();
            body.extend(&rest);
            // The text, and the number of its digits up to the last byte of the message.
            let (mut text, mut flushed, mut due) = (Vec::new(), 0, None);
            for flush in flushes.into_iter().chain([usize::MAX]) {
                let next = body.len().min(usize::saturating_add(flushed, flush));
                for group in body[flushed..next].chunks(3) {
                    flushed += group.len();
                    if flushed >= end && due.is_none() {
                        due = Some(text.len() + 1 + (group.len() - (flushed - end)));
                    }
                    text.extend(digits(group));
                }
            }
            let (mut reader, mut sent) = (FirstMessage::of(&web_text()), 0_usize);
            for cut in cuts.iter().copied().chain([usize::MAX]) {
                let next = text.len().min(sent.saturating_add(cut));
                let complete = reader.read(&&text[sent..next]);
                sent = next;
                prop_assert_eq!(complete, Some(sent) >= due);
                if complete {
                    break;
                }
            }
        }
    }

    fn web_text() -> HeaderMap {
        let value = http::HeaderValue::from_static("application/grpc-web-text+proto");
        HeaderMap::from_iter([(http::header::CONTENT_TYPE, value)])
    }

    /// Encodes up to three bytes as four digits.
    fn digits(bytes: &[u8]) -> [u8; 4] {
        const DIGITS: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let bits = (0..3).fold(0, |bits, nth| {
            bits << 8 | u32::from(bytes.get(nth).copied().unwrap_or_default())
        });
        [0, 1, 2, 3].map(|nth| match nth <= bytes.len() {
            true => DIGITS[(bits >> (18 - 6 * nth) & 63) as usize],
            false => b'=',
        })
    }

    /// A buffer that shows its first piece alone.
    struct Shy<'a>(&'a [u8], usize);

    impl Buf for Shy<'_> {
        fn remaining(&self) -> usize {
            self.0.len()
        }

        fn chunk(&self) -> &[u8] {
            &self.0[..self.1]
        }

        fn advance(&mut self, _: usize) {}
    }

    #[test]
    fn bytes_that_a_buffer_does_not_show_are_counted() {
        let mut binary = FirstMessage::default();
        assert!(!binary.read(&Shy(b"\0\0\0\0\x04abc", 5)));
        assert!(binary.read(&&b"d"[..]));
        let mut text = FirstMessage::of(&web_text());
        assert!(!text.read(&Shy(b"AAAAAARhYmN", 7)));
        assert!(text.read(&&b"k"[..]));
    }

    #[test]
    fn a_reader_takes_few_bytes() {
        assert!(size_of::<FirstMessage>() <= 7);
    }
}
