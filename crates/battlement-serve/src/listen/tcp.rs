use std::io;

use tokio::net::{TcpListener, ToSocketAddrs};

use super::{ListenSocket, Listener};

impl Listener {
    /// Binds a TCP socket.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound.
    pub async fn tcp(addr: impl ToSocketAddrs) -> io::Result<Self> {
        TcpListener::bind(addr).await.map(Self::from)
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::of(Ok(vec![ListenSocket::Tcp(listener)]))
    }
}

impl From<std::net::TcpListener> for Listener {
    fn from(listener: std::net::TcpListener) -> Self {
        let listener =
            listener.set_nonblocking(true).and_then(|()| TcpListener::from_std(listener));
        Self::of(listener.map(|listener| vec![ListenSocket::Tcp(listener)]))
    }
}
