//! Bytes that were read to detect the protocol, and are read again by its parser.

use tokio::io::ReadBuf;

use crate::protocol::PREFACE;

/// The first bytes of a connection.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    bytes: [u8; PREFACE.len()],
    next: u8,
    len: u8,
}

impl Prefix {
    /// Returns whether no byte is left to read.
    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.next == self.len
    }

    /// Returns the bytes that are left to read.
    pub(crate) fn left(&self) -> &[u8] {
        &self.bytes[usize::from(self.next)..usize::from(self.len)]
    }

    /// Appends bytes, as far as they fit.
    #[expect(clippy::cast_possible_truncation, reason = "the prefix has 24 bytes")]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let free = &mut self.bytes[usize::from(self.len)..];
        let count = bytes.len().min(free.len());
        free[..count].copy_from_slice(&bytes[..count]);
        self.len += count as u8;
    }

    /// Moves bytes to `buf`, as far as they fit.
    #[expect(clippy::cast_possible_truncation, reason = "the prefix has 24 bytes")]
    pub(crate) fn read(&mut self, buf: &mut ReadBuf<'_>) {
        let count = self.left().len().min(buf.remaining());
        buf.put_slice(&self.left()[..count]);
        self.next += count as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_once_in_order_whatever_the_size_of_the_buffer() {
        let mut prefix = Prefix::default();
        prefix.push(b"GET");
        prefix.push(b" / HTTP/1.1");
        let mut read = Vec::new();
        while !prefix.is_empty() {
            let mut bytes = [0; 4];
            let mut buf = ReadBuf::new(&mut bytes);
            prefix.read(&mut buf);
            read.extend_from_slice(buf.filled());
        }
        assert_eq!(read, b"GET / HTTP/1.1");
    }
}
