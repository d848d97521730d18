use std::net::SocketAddr;

use http::Extensions;

/// The address at the other end of the connection, for servers without a type of their own for it.
///
/// An accept loop inserts it into the extensions of every request. It is never read from a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(pub SocketAddr);

/// A marker of a request that came over a Unix socket, for servers without a type of their own for it.
///
/// An accept loop inserts it into the extensions of every request. With the feature `axum`, serve a Unix socket with
/// `into_make_service_with_connect_info::<UnixPeer>()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnixPeer;

/// The other end of the connection that a request came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// A peer with an address.
    Addr(SocketAddr),
    /// A process on this machine, over a Unix socket.
    Unix,
}

impl Peer {
    /// Returns the peer of a request with these extensions, if the server provides it.
    ///
    /// It is read from [`PeerAddr`] and [`UnixPeer`]; with the feature `axum` from `ConnectInfo` of a `SocketAddr` or
    /// a `UnixPeer`; with the feature `tonic` from `TcpConnectInfo` and `UdsConnectInfo`.
    #[must_use]
    #[inline]
    pub fn in_extensions(extensions: &Extensions) -> Option<Self> {
        match extensions.get::<PeerAddr>() {
            Some(peer) => Some(Self::Addr(peer.0)),
            None => from_others(extensions),
        }
    }

    /// Returns the address, which a Unix socket does not have.
    #[must_use]
    pub const fn addr(self) -> Option<SocketAddr> {
        match self {
            Self::Addr(addr) => Some(addr),
            Self::Unix => None,
        }
    }
}

/// Returns the address at the other end of the connection that a request came over, if the server provides it.
///
/// Read as by [`Peer::in_extensions`]. A Unix socket has no address.
#[must_use]
pub fn peer_addr(extensions: &Extensions) -> Option<SocketAddr> {
    Peer::in_extensions(extensions)?.addr()
}

#[inline(never)]
fn from_others(extensions: &Extensions) -> Option<Peer> {
    let unix = extensions.get::<UnixPeer>().map(|_| Peer::Unix);
    unix.or_else(|| from_axum(extensions)).or_else(|| from_tonic(extensions))
}

#[cfg(feature = "axum")]
fn from_axum(extensions: &Extensions) -> Option<Peer> {
    use axum::extract::ConnectInfo;

    let addr = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| Peer::Addr(info.0));
    addr.or_else(|| from_axum_over_unix(extensions))
}

#[cfg(all(feature = "axum", unix))]
fn from_axum_over_unix(extensions: &Extensions) -> Option<Peer> {
    use axum::extract::ConnectInfo;
    use tokio::net::unix::SocketAddr;

    let has_unix_peer = extensions.get::<ConnectInfo<UnixPeer>>().is_some();
    // The type that `tap_io` leaves of a Unix listener.
    let tapped = || extensions.get::<ConnectInfo<SocketAddr>>().is_some();
    (has_unix_peer || tapped()).then_some(Peer::Unix)
}

#[cfg(all(feature = "axum", not(unix)))]
const fn from_axum_over_unix(_: &Extensions) -> Option<Peer> {
    None
}

#[cfg(not(feature = "axum"))]
const fn from_axum(_: &Extensions) -> Option<Peer> {
    None
}

#[cfg(feature = "tonic")]
fn from_tonic(extensions: &Extensions) -> Option<Peer> {
    use tonic::transport::server::TcpConnectInfo;

    let addr = extensions.get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
    addr.map(Peer::Addr).or_else(|| from_tonic_over_unix(extensions))
}

#[cfg(all(feature = "tonic", unix))]
fn from_tonic_over_unix(extensions: &Extensions) -> Option<Peer> {
    extensions.get::<tonic::transport::server::UdsConnectInfo>().map(|_| Peer::Unix)
}

#[cfg(all(feature = "tonic", not(unix)))]
const fn from_tonic_over_unix(_: &Extensions) -> Option<Peer> {
    None
}

#[cfg(not(feature = "tonic"))]
const fn from_tonic(_: &Extensions) -> Option<Peer> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_has_an_address_or_is_a_unix_socket_or_is_unknown() {
        let mut extensions = Extensions::new();
        assert_eq!(Peer::in_extensions(&extensions), None);
        extensions.insert(UnixPeer);
        assert_eq!(Peer::in_extensions(&extensions), Some(Peer::Unix));
        assert_eq!(peer_addr(&extensions), None);

        let addr = SocketAddr::from(([10, 0, 0, 1], 1234));
        let mut extensions = Extensions::new();
        extensions.insert(PeerAddr(addr));
        assert_eq!(Peer::in_extensions(&extensions), Some(Peer::Addr(addr)));
        assert_eq!(peer_addr(&extensions), Some(addr));
    }
}
