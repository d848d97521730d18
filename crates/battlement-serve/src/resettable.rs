//! A transport that ends with an RST at the request of the application.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{state::State, transport::Transport};

/// A transport. After a demand for a reset, nothing more is sent on it, and its end is an RST.
#[derive(Debug)]
pub(crate) struct Resettable {
    transport: Transport,
    state: Arc<State>,
}

impl Resettable {
    pub(crate) const fn new(transport: Transport, state: Arc<State>) -> Self {
        Self { transport, state }
    }

    #[inline]
    fn check(&self) -> io::Result<()> {
        if self.state.is_reset() { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.state.is_reset() {
            self.transport.socket().reset_on_close();
        }
    }
}

impl AsyncRead for Resettable {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_read(cx, buf)
    }
}

impl AsyncWrite for Resettable {
    #[inline]
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.transport).poll_write(cx, buf)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.transport).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    /// Ends the sending side, which would send FIN, only if the connection is not to be reset.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}
