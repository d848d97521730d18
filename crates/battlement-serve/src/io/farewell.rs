//! The end of a connection that a flood has caused.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::GuardedIo;
use crate::{End, Flood};

/// The size of one read of unread bytes, and the number of reads.
const CHUNK: usize = 4 * 1_024;
const CHUNKS: usize = 64;

impl<T: AsyncRead + AsyncWrite + Unpin> GuardedIo<T> {
    /// Ends the connection: stores the flood, tells the client by a GOAWAY frame, and returns the error for hyper.
    #[cold]
    pub(super) fn flooded(&mut self, cx: &mut Context<'_>, flood: Flood) -> io::Error {
        self.state.end_with(End::Flood(flood));
        let goaway = self.floods.take().and_then(|floods| floods.goaway(flood));
        if let Some(goaway) = goaway {
            // The connection is closed in any case; the frame is lost if the client does not read.
            let _ = Pin::new(&mut self.inner).poll_write(cx, goaway.as_bytes());
            let _ = Pin::new(&mut self.inner).poll_flush(cx);
        }
        let _ = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.discard(cx);
        io::Error::other(flood.as_str())
    }

    /// Reads what has arrived. A socket that is closed with unread bytes sends a reset, which may overtake the GOAWAY.
    fn discard(&mut self, cx: &mut Context<'_>) {
        let mut chunk = [0; CHUNK];
        for _ in 0..CHUNKS {
            let mut buf = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.inner).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => {}
                _ => return,
            }
        }
    }
}
