use std::{fmt, hash::Hash, sync::Arc};

use battlement_core::{ClientIp, IpKey, RequestHead};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::KeyHasher;

/// A part of a key.
#[derive(Clone)]
pub(super) enum Part {
    ClientIp,
    Peer,
    Header(HeaderName),
    Route,
    Global,
    Closure { feed: Feed, fix: &'static str },
}

type Feed = Arc<dyn Fn(&RequestHead<'_>, &mut KeyHasher) -> bool + Send + Sync>;

impl Part {
    pub(super) fn closure(
        feed: impl Fn(&RequestHead<'_>, &mut KeyHasher) -> bool + Send + Sync + 'static,
        fix: &'static str,
    ) -> Self {
        Self::Closure { feed: Arc::new(feed), fix }
    }

    /// Returns the address of the request, if the part is an address.
    #[inline]
    pub(super) fn ip(&self, head: &RequestHead<'_>) -> Option<IpKey> {
        match self {
            Self::ClientIp => head.client().map(ClientIp::key),
            Self::Peer => head.peer_key(),
            _ => None,
        }
    }

    /// Feeds the part's value to `hasher`; returns false if the request has none.
    pub(super) fn feed(&self, head: &RequestHead<'_>, hasher: &mut KeyHasher) -> bool {
        match self {
            Self::ClientIp | Self::Peer => self.ip(head).map(|ip| hasher.write_ip(ip)).is_some(),
            Self::Header(name) => hash(single_value(head.headers, name), hasher),
            Self::Route => hash(head.route(), hasher),
            Self::Global => true,
            Self::Closure { feed, .. } => feed(head, hasher),
        }
    }

    /// Returns the fix for requests without this part.
    pub(super) const fn fix(&self) -> &'static str {
        match self {
            Self::ClientIp => {
                "add `ClientIpLayer` outside of this layer; if it is present, provide the peer \
                 address: in axum by `into_make_service_with_connect_info::<SocketAddr>()`, elsewhere by `PeerAddr` in \
                 the extensions"
            }
            Self::Peer => {
                "provide the peer address: in axum by `into_make_service_with_connect_info::<SocketAddr>()`, \
                 elsewhere by `PeerAddr` in the extensions"
            }
            Self::Header(_) => {
                "reject requests that do not have this header exactly once, or configure `without_key`"
            }
            Self::Route => "apply this layer to the routes, not around the router",
            Self::Global => "no fix is needed",
            Self::Closure { fix, .. } => fix,
        }
    }
}

fn single_value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
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
