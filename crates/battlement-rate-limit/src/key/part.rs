use std::{fmt, hash::Hash, sync::Arc};

use battlement_core::{ClientIp, IpKey};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Inbound, KeyHasher};

/// One of the things that requests are counted by.
#[derive(Clone)]
pub(super) enum Part {
    ClientIp,
    Peer,
    Header(HeaderName),
    Route,
    Global,
    Closure { feed: Feed, fix: &'static str },
}

type Feed = Arc<dyn Fn(&Inbound<'_>, &mut KeyHasher) -> bool + Send + Sync>;

impl Part {
    pub(super) fn closure(
        feed: impl Fn(&Inbound<'_>, &mut KeyHasher) -> bool + Send + Sync + 'static,
        fix: &'static str,
    ) -> Self {
        Self::Closure { feed: Arc::new(feed), fix }
    }

    /// The address of the request, if that is what it is counted by.
    #[inline]
    pub(super) fn ip(&self, inbound: &Inbound<'_>) -> Option<IpKey> {
        match self {
            Self::ClientIp => inbound.client().map(ClientIp::key),
            Self::Peer => inbound.peer(),
            _ => None,
        }
    }

    /// Feeds what the request has of it to `hasher`; false if it has nothing.
    pub(super) fn feed(&self, inbound: &Inbound<'_>, hasher: &mut KeyHasher) -> bool {
        match self {
            Self::ClientIp | Self::Peer => self.ip(inbound).map(|ip| hasher.write_ip(ip)).is_some(),
            Self::Header(name) => hash(the_only(inbound.headers, name), hasher),
            Self::Route => hash(inbound.route(), hasher),
            Self::Global => true,
            Self::Closure { feed, .. } => feed(inbound, hasher),
        }
    }

    /// What to do where it is missing.
    pub(super) const fn fix(&self) -> &'static str {
        match self {
            Self::ClientIp => {
                "put battlement-client-ip's layer outside of this one; if it is there, have the server say who \
                 the peer is, in axum by into_make_service_with_connect_info::<SocketAddr>()"
            }
            Self::Peer => {
                "have the server say who the peer is, in axum by \
                 into_make_service_with_connect_info::<SocketAddr>(), elsewhere by PeerAddr in the extensions"
            }
            Self::Header(_) => {
                "turn requests away first that have the header not once, or choose what applies to them"
            }
            Self::Route => "put this layer on the routes, not around the router",
            Self::Global => "none is needed",
            Self::Closure { fix, .. } => fix,
        }
    }
}

fn the_only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn hash<T: Hash>(value: Option<T>, hasher: &mut KeyHasher) -> bool {
    value.map(|value| value.hash(hasher)).is_some()
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientIp => f.write_str("client_ip"),
            Self::Peer => f.write_str("peer"),
            Self::Header(name) => write!(f, "header {name}"),
            Self::Route => f.write_str("route"),
            Self::Global => f.write_str("global"),
            Self::Closure { .. } => f.write_str("closure"),
        }
    }
}
