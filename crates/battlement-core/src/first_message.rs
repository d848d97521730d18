use bytes::Buf;

/// A reader that finds the end of the first message of a gRPC body: one byte of flags, four bytes of length, and the
/// message. A response with more than one message is a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstMessage {
    /// The bytes of the prefix that were read.
    prefix: u8,
    /// The length of the message, and then the number of its bytes to come.
    length: u32,
}

const PREFIX: u8 = 5;

impl FirstMessage {
    /// Reads data of the body, and returns whether the first message is complete.
    pub fn read(&mut self, data: &impl Buf) -> bool {
        let (mut remaining, mut chunk) = (data.remaining(), data.chunk().iter());
        while self.prefix < PREFIX && remaining > 0 {
            // The first byte, the flags, is shifted out.
            self.length = self.length << 8 | u32::from(chunk.next().copied().unwrap_or_default());
            self.prefix += 1;
            remaining -= 1;
        }
        if self.prefix == PREFIX {
            self.length = self.length.saturating_sub(u32::try_from(remaining).unwrap_or(u32::MAX));
        }
        self.prefix == PREFIX && self.length == 0
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
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let next = body.len().min(sent.saturating_add(cut));
                let complete = reader.read(&&body[sent..next]);
                sent = next;
                prop_assert_eq!(complete, sent >= end);
            }
        }
    }
}
