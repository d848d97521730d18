use std::{error::Error, fmt};

use http::HeaderName;

/// The reason why the client of a request is unknown although a layer tried to resolve it.
///
/// The layer of `battlement-client-ip` puts it into the extensions of the request, so that an extractor can
/// distinguish it from a missing layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownClient {
    /// The server does not provide the address of the peer.
    NoPeer,
    /// The request came over a Unix socket that is not trusted.
    UntrustedSocket,
    /// The request came over a trusted Unix socket without this forwarding header.
    HeaderMissing(HeaderName),
    /// The request came over a trusted Unix socket, and this header contains no address.
    HeaderUnusable(HeaderName),
}

impl fmt::Display for UnknownClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot determine the client address: ")?;
        match self {
            Self::NoPeer => f.write_str(
                "the server does not provide the address of the peer; serve axum with \
                 into_make_service_with_connect_info::<SocketAddr>(), or insert PeerAddr into the extensions of \
                 each request",
            ),
            Self::UntrustedSocket => f.write_str(
                "the request came over a Unix socket that is not trusted; if the peer is a proxy, trust it with \
                 Proxies::unix() or or_unix(), and configure it to write the header",
            ),
            Self::HeaderMissing(name) => write!(
                f,
                "the request came over a trusted Unix socket without the header `{name}`; configure the proxy to \
                 write it"
            ),
            Self::HeaderUnusable(name) => write!(
                f,
                "the request came over a trusted Unix socket, and its header `{name}` contains no address"
            ),
        }
    }
}

impl Error for UnknownClient {}
