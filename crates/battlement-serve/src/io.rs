//! The I/O of a connection: it counts, watches and limits the bytes that pass.

mod farewell;
mod linger;

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use self::linger::Linger;
use crate::{
    Protocol, connection::Opened, floods::Floods, protocol::PREFACE, rewind::Prefix, state::State,
};

/// A stream that reports to the state of its connection.
#[derive(Debug)]
pub(crate) struct GuardedIo<T> {
    inner: T,
    prefix: Prefix,
    /// The counters of frames, over HTTP/2.
    floods: Option<Box<Floods>>,
    state: Arc<State>,
    /// The wait for the client, once the connection is closed for writing.
    linger: Option<Linger>,
    /// Ends the connection in the counts when the I/O is dropped, also after an upgrade.
    _opened: Opened,
}

impl<T> GuardedIo<T> {
    /// Guards `inner`; `prefix` has been read from it to detect the protocol.
    pub(crate) fn new(inner: T, prefix: Prefix, protocol: Protocol, opened: Opened) -> Self {
        let state = Arc::clone(opened.state());
        // The preface comes before the frames, and is still to be read.
        let floods = || Floods::new(&state.config.limits, PREFACE.len() as u32, Instant::now());
        let floods = (protocol == Protocol::Http2).then(|| Box::new(floods()));
        Self { inner, prefix, floods, state, linger: None, _opened: opened }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for GuardedIo<T> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if this.prefix.is_empty() {
            ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        } else {
            this.prefix.read(buf);
        }
        let bytes = &buf.filled()[before..];
        if !bytes.is_empty() {
            if let Some(floods) = &mut this.floods {
                if let Err(flood) = floods.received(bytes, Instant::now) {
                    return Poll::Ready(Err(this.flooded(cx, flood)));
                }
                this.state.marks.read_frames(floods.inbound());
            } else {
                this.state.marks.read(bytes);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> GuardedIo<T> {
    /// Records whether the socket takes bytes.
    #[inline]
    fn marked<R>(&self, poll: Poll<R>) -> Poll<R> {
        if poll.is_ready() {
            self.state.marks.written();
        } else {
            self.state.marks.write_blocked();
        }
        poll
    }

    /// Counts a write.
    #[inline]
    fn written<'a>(
        &mut self,
        cx: &mut Context<'_>,
        poll: Poll<io::Result<usize>>,
        bufs: impl IntoIterator<Item = &'a [u8]>,
    ) -> Poll<io::Result<usize>> {
        let mut left = ready!(self.marked(poll))?;
        let written = left;
        if let Some(floods) = &mut self.floods {
            for buf in bufs {
                let bytes = &buf[..left.min(buf.len())];
                left -= bytes.len();
                if let Err(flood) = floods.sent(bytes, Instant::now) {
                    return Poll::Ready(Err(self.flooded(cx, flood)));
                }
            }
        }
        Poll::Ready(Ok(written))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardedIo<T> {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.written(cx, poll, [buf])
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.inner).poll_write_vectored(cx, bufs);
        this.written(cx, poll, bufs.iter().map(|buf| &**buf))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.inner).poll_flush(cx);
        this.marked(poll)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.linger.is_none() {
            let poll = Pin::new(&mut this.inner).poll_shutdown(cx);
            ready!(this.marked(poll))?;
        }
        if this.linger.is_some() || this.state.may_receive() {
            ready!(this.poll_linger(cx));
        }
        Poll::Ready(Ok(()))
    }
}
