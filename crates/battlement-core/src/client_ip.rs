use std::net::IpAddr;

use http::{Extensions, Request};

use crate::{Host, IpKey, RequestFacts, Scheme};

/// Who the client is, as far as proxies that are trusted tell.
///
/// Decided once a request by the layer `battlement-client-ip`. No part of it is ever what only the client
/// wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientIp {
    /// The client's address; never an IPv4 address mapped into IPv6.
    pub ip: IpAddr,
    /// How the address is known.
    pub via: Via,
    /// The other end of the connection: the client itself, or the nearest proxy. Not known for a Unix
    /// socket.
    pub peer: Option<IpAddr>,
    /// The scheme of the client's request, if a trusted proxy wrote it.
    pub scheme: Option<Scheme>,
    /// The host of the client's request, if a trusted proxy wrote it.
    pub host: Option<Host>,
    /// How many leading bits of an IPv6 address are one client to [`key`](Self::key). Default: 64.
    pub ipv6_prefix: u8,
}

/// How the address of a client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Via {
    /// It is the other end of the connection: no trusted proxy, or one that named nobody.
    Peer,
    /// A trusted proxy wrote it.
    Header,
    /// Every hop that is named is a trusted proxy: it is the first of them, a client inside the network.
    AllTrusted,
    /// The next hop is hidden or is no address: it is the last one known before that, a trusted proxy.
    Stopped,
}

impl ClientIp {
    /// The client at `ip`, of whom nothing else is known.
    #[must_use]
    pub fn new(ip: IpAddr, via: Via) -> Self {
        Self { ip: ip.to_canonical(), via, peer: None, scheme: None, host: None, ipv6_prefix: 64 }
    }

    /// The client of `request`, if a layer of ours has decided who that is.
    pub fn of<B>(request: &Request<B>) -> Option<&Self> {
        Self::in_extensions(request.extensions())
    }

    /// The client of the request with these extensions.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<&Self> {
        RequestFacts::in_extensions(extensions)?.client()
    }

    /// The client of the request that this code runs for.
    #[must_use]
    pub fn current() -> Option<Self> {
        RequestFacts::current()?.client().cloned()
    }

    /// What a limiter counts the client by.
    #[must_use]
    pub fn key(&self) -> IpKey {
        IpKey::of(self.ip, self.ipv6_prefix)
    }
}

impl Via {
    /// The word for labels and logs.
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
