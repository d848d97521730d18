//! The stream below HTTP: TCP or a Unix socket, with or without TLS.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use crate::{Protocol, state::State};

/// An accepted socket.
#[derive(Debug)]
pub(crate) enum Socket {
    /// A TCP socket.
    Tcp(TcpStream),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// Makes the socket send an RST when it is closed.
    pub(crate) fn reset_on_close(&self) {
        // The call fails only on a connection that has already ended. A Unix socket has no RST: its stream ends.
        if let Self::Tcp(stream) = self {
            let _ = stream.set_zero_linger();
        }
    }
}

/// A socket, with TLS if the listener has it.
#[derive(Debug)]
pub(crate) enum Transport {
    /// A socket without TLS.
    Plain(Socket),
    /// A socket with TLS.
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::server::TlsStream<Socket>>),
}

impl Transport {
    /// Returns the socket.
    pub(crate) fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

macro_rules! each {
    ($self:expr, $name:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Tcp($name) => $call,
            #[cfg(unix)]
            Self::Unix($name) => $call,
        }
    };
    ($self:expr, tls $name:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Plain($name) => $call,
            #[cfg(feature = "tls")]
            Self::Tls($name) => $call,
        }
    };
}

macro_rules! delegate {
    ($type:ty $(, $tls:tt)?) => {
        impl AsyncRead for $type {
            #[inline]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                each!(self, $($tls)? io => Pin::new(io).poll_read(cx, buf))
            }
        }

        impl AsyncWrite for $type {
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                each!(self, $($tls)? io => Pin::new(io).poll_write(cx, buf))
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                each!(self, $($tls)? io => Pin::new(io).poll_write_vectored(cx, bufs))
            }

            #[inline]
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                each!(self, $($tls)? io => Pin::new(io).poll_flush(cx))
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                each!(self, $($tls)? io => Pin::new(io).poll_shutdown(cx))
            }

            fn is_write_vectored(&self) -> bool {
                // TCP and Unix sockets and the streams of rustls support vectored writes.
                true
            }
        }
    };
}

delegate!(Socket);
delegate!(Transport, tls);

/// Makes a transport of an accepted socket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Acceptor {
    #[cfg(feature = "tls")]
    tls: Option<crate::tls::Tls>,
}

impl Acceptor {
    /// Creates an acceptor with TLS.
    #[cfg(feature = "tls")]
    pub(crate) fn of(tls: &crate::tls::Tls) -> Self {
        Self { tls: Some(tls.clone()) }
    }

    /// Runs the TLS handshake, if there is TLS. Returns the protocol, if the handshake has negotiated it.
    #[cfg_attr(not(feature = "tls"), expect(clippy::unused_async, reason = "a handshake waits"))]
    pub(crate) async fn accept(
        self,
        socket: Socket,
        state: &State,
    ) -> io::Result<(Transport, Option<Protocol>)> {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls {
            let (stream, protocol) = tls.handshake(socket, state).await?;
            return Ok((Transport::Tls(Box::new(stream)), protocol));
        }
        let _ = state;
        Ok((Transport::Plain(socket), None))
    }
}
