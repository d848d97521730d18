//! The wait for a client after the last byte that it gets.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// The longest wait, which ends with the drain at the latest.
const LONGEST: Duration = Duration::from_secs(5);
/// The size of one read.
const CHUNK: usize = 4 * 1_024;

/// The wait until the client of a connection that is closed for writing closes it too.
///
/// A frame that arrives at a closed socket causes a reset, and the client loses what it has not read: the end of a
/// response, or the notice that its last call was not processed. tonic closes the socket at once.
pub(crate) struct Linger {
    end: Pin<Box<Sleep>>,
}

impl Default for Linger {
    fn default() -> Self {
        Self { end: Box::pin(sleep(LONGEST)) }
    }
}

impl Linger {
    /// Reads and discards until the client has closed its side.
    pub(crate) fn poll(&mut self, stream: &mut TcpStream, cx: &mut Context<'_>) -> Poll<()> {
        let mut chunk = [0; CHUNK];
        loop {
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                // An error means that the client is gone.
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.end.as_mut().poll(cx),
            }
        }
    }
}
