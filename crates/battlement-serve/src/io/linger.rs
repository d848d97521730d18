//! The wait for a client after the last byte that it gets.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

use super::GuardedIo;

/// The longest pause between two reads, and the longest wait: the defaults of `lingering_timeout` and `lingering_time` of
/// nginx. The deadline of a drain ends the wait earlier.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(30);
/// The size of one read.
const CHUNK: usize = 4 * 1_024;

/// A connection that is closed for writing.
#[derive(Debug)]
pub(super) struct Linger {
    pause: Pin<Box<Sleep>>,
    end: Instant,
}

impl Linger {
    fn new() -> Self {
        let now = Instant::now();
        Self { pause: Box::pin(sleep_until(now + PAUSE)), end: now + LONGEST }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> GuardedIo<T> {
    /// Reads and discards until the client has closed its side.
    ///
    /// A client of HTTP/2 opens its window while it reads, and a client of HTTP/1 may send a body that the service does not
    /// read. Bytes that arrive at a closed socket cause a reset, which discards the part of the response that the system
    /// has not sent yet, and with some systems the part that the client has not read.
    pub(super) fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let linger = self.linger.get_or_insert_with(|| {
            // All requests are over, so that no limit and no shutdown is the end of the connection from now on.
            self.state.linger();
            Linger::new()
        });
        let mut chunk = [0; CHUNK];
        let mut has_read = false;
        loop {
            let mut buf = ReadBuf::new(&mut chunk);
            match Pin::new(&mut self.inner).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => has_read = true,
                // An error means that the client is gone.
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if has_read {
            linger.pause.as_mut().reset(linger.end.min(Instant::now() + PAUSE));
        }
        linger.pause.as_mut().poll(cx)
    }
}
