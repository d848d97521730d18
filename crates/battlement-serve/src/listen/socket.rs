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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Returns the options of an accepted connection: no delay, and the time of keepalive.
    async fn options(limits: Limits) -> (bool, Option<Duration>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let accepted = ListenSocket::Tcp(listener).accept(&limits).await.unwrap();
        let (Socket::Tcp(stream), _) = accepted else { panic!("a TCP socket") };
        let socket = SockRef::from(&stream);
        let keepalive = socket.keepalive().unwrap().then(|| socket.tcp_keepalive_time().unwrap());
        (stream.nodelay().unwrap(), keepalive)
    }

    #[tokio::test]
    async fn accepted_connections_send_at_once_and_probe_silent_peers() {
        assert_eq!(options(Limits::new()).await, (true, Some(Duration::from_secs(60))));
        assert_eq!(options(Limits::new().nodelay(false).keepalive(None)).await, (false, None));
    }
}
