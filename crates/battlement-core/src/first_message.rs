use bytes::Buf;

/// A reader that finds the end of the first message of a gRPC body: one byte of flags, four bytes of length, and the
/// message. A response with more than one message is a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstMessage {
    prefix: [u8; 5],
    seen: u64,
}

const PREFIX: u64 = 5;

impl FirstMessage {
    /// Reads data of the body, and returns whether the first message is complete.
    pub fn read(&mut self, data: &impl Buf) -> bool {
        let chunk = data.chunk();
        let start = usize::try_from(self.seen).unwrap_or(usize::MAX);
        if let Some(missing) = self.prefix.get_mut(start..) {
            missing.iter_mut().zip(chunk).for_each(|(slot, byte)| *slot = *byte);
        }
        self.seen = self.seen.saturating_add(data.remaining() as u64);
        self.is_complete()
    }

    fn is_complete(self) -> bool {
        let [_, length @ ..] = self.prefix;
        self.seen >= PREFIX && self.seen >= PREFIX + u64::from(u32::from_be_bytes(length))
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
