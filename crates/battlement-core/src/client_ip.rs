use std::net::IpAddr;

use http::{Extensions, Request};

use crate::{Host, IpKey, RequestFacts, Scheme};

/// The client of a request, as far as trusted proxies identify it.
///
/// Resolved once per request by the layer `battlement-client-ip`. No field contains text that only the client wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIp {
    /// The client's address; never an IPv4 address mapped into IPv6.
    pub ip: IpAddr,
    /// The source of the address.
    pub via: Via,
    /// The other end of the connection: the client itself, or the nearest proxy. Unknown for a Unix socket.
    pub peer: Option<IpAddr>,
    /// Whether the other end of the connection is a trusted proxy, even if it named no client.
    pub peer_is_trusted: bool,
    /// The scheme of the client's request, if a trusted proxy reported it.
    pub scheme: Option<Scheme>,
    /// The host of the client's request, if a trusted proxy reported it.
    pub host: Option<Host>,
    /// The number of leading bits of an IPv6 address that [`key`](Self::key) uses. Default: 64.
    pub ipv6_prefix: u8,
}

/// The source of a client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Via {
    /// The other end of the connection, because it is not a trusted proxy or its header does not name a client.
    Peer,
    /// The header of a trusted proxy.
    Header,
    /// The outermost hop of a header in which every hop is a trusted proxy: a client inside the network.
    AllTrusted,
    /// The last known trusted proxy, because the next hop is hidden or is not an address.
    Stopped,
}

impl ClientIp {
    /// Creates a client with an address alone.
    #[must_use]
    pub fn new(ip: IpAddr, via: Via) -> Self {
        Self {
            ip: ip.to_canonical(),
            via,
            peer: None,
            peer_is_trusted: false,
            scheme: None,
            host: None,
            ipv6_prefix: 64,
        }
    }

    /// Returns the client of `request`, if a layer has resolved it.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// Returns the client of the request with these extensions.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        RequestFacts::in_extensions(extensions)?.client()
    }

    /// Returns the client of the current request.
    #[must_use]
    pub fn current() -> Option<Self> {
        RequestFacts::current()?.client().cloned()
    }

    /// Returns the key by which a limiter counts the client.
    #[must_use]
    pub fn key(&self) -> IpKey {
        IpKey::of(self.ip, self.ipv6_prefix)
    }
}

impl Via {
    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Header => "header",
            Self::AllTrusted => "all_trusted",
            Self::Stopped => "stopped",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapped_address_is_ipv4() {
        let client = ClientIp::new("::ffff:192.0.2.1".parse().unwrap(), Via::Peer);
        assert_eq!(client.ip.to_string(), "192.0.2.1");
    }
}
