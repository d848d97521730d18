use std::{io, net::SocketAddr};

use battlement_core::Peer;
use socket2::{SockRef, TcpKeepalive};
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, TcpStream};

use crate::{Limits, transport::Socket};

/// A socket that connections are accepted from.
#[derive(Debug)]
pub(crate) enum ListenSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl ListenSocket {
    /// Accepts the next connection. The future is cancel-safe.
    pub(crate) async fn accept(&self, limits: &Limits) -> io::Result<(Socket, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                configure(&stream, limits);
                Ok((Socket::Tcp(stream), Peer::Addr(peer)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Socket::Unix(stream), Peer::Unix))
            }
        }
    }

    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }
}

/// Sets the options of a connection. They fail only on one that is already closed, which reading from it will show.
fn configure(stream: &TcpStream, limits: &Limits) {
    if limits.nodelay {
        let _ = stream.set_nodelay(true);
    }
    if let Some(time) = limits.keepalive {
        let _ = SockRef::from(stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(time));
    }
}
