use std::net::SocketAddr;

use http::Extensions;

/// The address at the other end of the connection, for servers that have no type of their own for it.
///
/// Put into the extensions of every request by the accept loop. Never read from a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddr(pub SocketAddr);

/// The address at the other end of the connection that a request came over, if its server says so.
///
/// It is looked for as [`PeerAddr`]; with the feature `axum` as `ConnectInfo<SocketAddr>`; with the feature
/// `tonic` as `TcpConnectInfo`. None is known for a Unix socket.
#[must_use]
pub fn peer_addr(extensions: &Extensions) -> Option<SocketAddr> {
    let ours = extensions.get::<PeerAddr>().map(|peer| peer.0);
    ours.or_else(|| from_axum(extensions)).or_else(|| from_tonic(extensions))
}

#[cfg(feature = "axum")]
fn from_axum(extensions: &Extensions) -> Option<SocketAddr> {
    extensions.get::<axum::extract::ConnectInfo<SocketAddr>>().map(|info| info.0)
}

#[cfg(not(feature = "axum"))]
const fn from_axum(_: &Extensions) -> Option<SocketAddr> {
    None
}

#[cfg(feature = "tonic")]
fn from_tonic(extensions: &Extensions) -> Option<SocketAddr> {
    extensions.get::<tonic::transport::server::TcpConnectInfo>()?.remote_addr()
}

#[cfg(not(feature = "tonic"))]
const fn from_tonic(_: &Extensions) -> Option<SocketAddr> {
    None
}
