use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

use super::resp::{Invalid, Reply, parse};

/// Bytes that were read and are not yet parsed.
#[derive(Debug)]
pub(super) struct Input {
    buffer: Vec<u8>,
    /// The bytes from `begin` to `end` are not yet parsed.
    begin: usize,
    end: usize,
}

const SIZE: usize = 8 << 10;

impl Input {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; SIZE], begin: 0, end: 0 }
    }

    /// Reads more. Returns the number of bytes, which is 0 at the end of the stream.
    pub(super) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut S,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut buffer = ReadBuf::new(&mut self.buffer[self.end..]);
        ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
        let read = buffer.filled().len();
        self.end += read;
        Poll::Ready(Ok(read))
    }

    /// Returns the next reply, if one has arrived completely.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, Invalid> {
        let Some((reply, length)) = parse(self.bytes())? else { return Ok(None) };
        self.begin += length;
        Ok(Some(reply))
    }

    /// Returns the bytes that are not yet parsed.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    fn make_room(&mut self) {
        if self.begin == self.end {
            (self.begin, self.end) = (0, 0);
        } else if self.end == self.buffer.len() && self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, self.end - self.begin);
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
    }
}
