use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, ToSocketAddrs, lookup_host};

use super::{BACKLOG, IdleSocket, ListenSocket, Listener, Source};

impl Listener {
    /// Binds a TCP socket, to the first of the addresses that can be bound.
    ///
    /// # Errors
    ///
    /// Returns an error if no address can be bound.
    pub async fn tcp(addr: impl ToSocketAddrs) -> io::Result<Self> {
        first(addr, |addr| bind(addr, false)).await.map(|socket| Self::idle([socket]))
    }

    /// Binds `loops` TCP sockets to one address (`SO_REUSEPORT`), each with an accept loop of its own.
    ///
    /// The system spreads new connections over the sockets. Two loops help a service with many short connections; a
    /// single socket is enough otherwise. A second process of the same user may bind the address as well, so that a new
    /// version can start before the old one stops. The crate page says what such a restart costs without
    /// `net.ipv4.tcp_migrate_req`.
    ///
    /// # Errors
    ///
    /// Returns an error if no address can be bound, if the system does not have the option, or if `loops` is zero.
    #[cfg(unix)]
    pub async fn reuse_port(addr: impl ToSocketAddrs, loops: usize) -> io::Result<Self> {
        if loops == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "`loops` must be at least 1"));
        }
        let socket = first(addr, |addr| bind(addr, true)).await?;
        // The system has chosen a port if none was given.
        let addr = socket.local_addr().unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        let others = (1..loops).map(|_| bind(addr, true));
        Ok(Self::idle([Ok(socket)].into_iter().chain(others).collect::<io::Result<Vec<_>>>()?))
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::of([Source::Watched(ListenSocket::Tcp(listener))])
    }
}

impl From<std::net::TcpListener> for Listener {
    fn from(listener: std::net::TcpListener) -> Self {
        Self::idle([IdleSocket::Tcp(listener)])
    }
}

/// Binds the first address that can be bound.
async fn first(
    addr: impl ToSocketAddrs,
    bind: impl Fn(SocketAddr) -> io::Result<IdleSocket>,
) -> io::Result<IdleSocket> {
    let none = "the host has no address to bind";
    let mut failure = io::Error::new(io::ErrorKind::InvalidInput, none);
    for addr in lookup_host(addr).await? {
        match bind(addr) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn bind(addr: SocketAddr, reuse_port: bool) -> io::Result<IdleSocket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    // Otherwise, connections of the previous process keep the address for a minute.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(all(
        unix,
        not(any(target_os = "solaris", target_os = "illumos", target_os = "cygwin"))
    ))]
    socket.set_reuse_port(reuse_port)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(IdleSocket::Tcp(socket.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_address_that_can_be_bound_is_used() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = taken.local_addr().unwrap();
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::tcp(&[taken, free][..]).await.unwrap();
        assert_ne!(listener.local_addr(), Some(taken));
        let error = Listener::tcp(taken).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }

    #[tokio::test]
    async fn sockets_with_one_address_share_the_port_that_the_system_has_chosen() {
        let listener = Listener::reuse_port("127.0.0.1:0", 3).await.unwrap();
        let ports: Vec<_> =
            listener.sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
        assert_eq!(ports, [ports[0]; 3]);
        let pair = Listener::reuse_port(("127.0.0.1", ports[0]), 1).await.unwrap();
        assert_eq!(pair.local_addr(), listener.local_addr());
        Listener::tcp(("127.0.0.1", ports[0])).await.expect_err("the option is missing");
        Listener::reuse_port("127.0.0.1:0", 0).await.expect_err("no loop");
    }
}
