use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll, ready},
};

use battlement_core::Peer;
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

use crate::transport::Socket;

/// A socket that connections are accepted from by a task.
#[derive(Debug)]
pub(crate) enum ListenSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// A socket that no runtime watches: before its server starts, or while its queue is emptied.
#[derive(Debug)]
pub(crate) enum IdleSocket {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

/// A socket of a listener, which tokio may watch already.
#[derive(Debug)]
pub(crate) enum Source {
    Idle(IdleSocket),
    Watched(ListenSocket),
}

impl Source {
    /// Registers the socket with the runtime of the current task.
    pub(crate) fn start(self) -> io::Result<ListenSocket> {
        match self {
            Self::Idle(socket) => socket.watch(),
            Self::Watched(socket) => Ok(socket),
        }
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Idle(socket) => socket.local_addr(),
            Self::Watched(socket) => socket.local_addr(),
        }
    }
}

impl ListenSocket {
    /// Accepts the next connection.
    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
        Poll::Ready(match self {
            Self::Tcp(listener) => {
                let (stream, peer) = ready!(listener.poll_accept(cx))?;
                Ok((Socket::Tcp(stream), Peer::Addr(peer)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                Ok((Socket::Unix(stream), Peer::Unix))
            }
        })
    }

    /// Removes the socket from the runtime.
    pub(crate) fn into_idle(self) -> io::Result<IdleSocket> {
        match self {
            Self::Tcp(listener) => listener.into_std().map(IdleSocket::Tcp),
            #[cfg(unix)]
            Self::Unix(listener) => listener.into_std().map(IdleSocket::Unix),
        }
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }
}

impl IdleSocket {
    /// Registers the socket with the runtime of the current task, and makes it non-blocking: a blocking socket would
    /// block a thread of the runtime, and the drain with it.
    fn watch(self) -> io::Result<ListenSocket> {
        match self {
            Self::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                TcpListener::from_std(listener).map(ListenSocket::Tcp)
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                listener.set_nonblocking(true)?;
                UnixListener::from_std(listener).map(ListenSocket::Unix)
            }
        }
    }

    /// Accepts a connection from the queue, and returns an error of the kind `WouldBlock` if it is empty.
    ///
    /// The socket does not block, since it comes from a runtime.
    pub(crate) fn accept(&self) -> io::Result<(Socket, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok((Socket::Tcp(TcpStream::from_std(stream)?), Peer::Addr(peer)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                Ok((Socket::Unix(UnixStream::from_std(stream)?), Peer::Unix))
            }
        }
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }
}
