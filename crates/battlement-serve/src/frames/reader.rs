//! Splits a stream of bytes into frames.

use super::head::{Head, LENGTH};

/// The most payload bytes that are read of a frame.
const PREFIX: usize = 8;

/// The start of a payload; bytes that the frame does not have, or that no counter needs, are zero.
pub(crate) type Prefix = [u8; PREFIX];

/// Reads frame headers from bytes that arrive in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Bytes to skip before the next frame header.
    skip: u32,
    /// The next frame header and the start of its payload, as far as they have arrived.
    held: [u8; LENGTH + PREFIX],
    filled: usize,
}

impl Reader {
    /// Creates a reader that ignores the first `skip` bytes.
    pub(crate) fn after(skip: u32) -> Self {
        Self { skip, ..Self::default() }
    }

    /// Returns whether the bytes so far end with a whole frame.
    pub(crate) const fn is_between_frames(&self) -> bool {
        self.skip == 0 && self.filled == 0
    }

    /// Reads the next bytes, and calls `each` for every frame whose header has arrived in full.
    pub(crate) fn read(&mut self, mut bytes: &[u8], mut each: impl FnMut(Head, Prefix)) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped = bytes.len().min(self.skip as usize);
                self.skip -= skipped as u32;
                bytes = &bytes[skipped..];
                continue;
            }
            bytes = self.hold(bytes);
            if let Some((head, prefix)) = self.take() {
                each(head, prefix);
            }
        }
    }

    /// Moves bytes into `held`, no more than the frame needs, and returns the rest.
    fn hold<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = self.head().map_or(LENGTH, |head| LENGTH + head.prefix());
        let (moved, rest) = bytes.split_at(bytes.len().min(end - self.filled));
        self.held[self.filled..][..moved.len()].copy_from_slice(moved);
        self.filled += moved.len();
        rest
    }

    /// Returns the frame if all that is read of it has arrived, and skips the rest of its payload.
    fn take(&mut self) -> Option<(Head, Prefix)> {
        let head = self.head()?;
        let length = head.prefix();
        if self.filled < LENGTH + length {
            return None;
        }
        let mut prefix = Prefix::default();
        prefix[..length].copy_from_slice(&self.held[LENGTH..][..length]);
        self.filled = 0;
        self.skip = head.length - length as u32;
        Some((head, prefix))
    }

    fn head(&self) -> Option<Head> {
        let head = self.held[..self.filled].first_chunk::<LENGTH>();
        head.map(|head| Head::parse(*head))
    }
}
