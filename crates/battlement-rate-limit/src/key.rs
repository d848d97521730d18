mod hash;
mod network;
mod part;
mod sip;

use std::{fmt, hash::Hash, sync::Arc};

use battlement_core::{LogLimit, RequestHead};
use http::HeaderName;
use smallvec::{SmallVec, smallvec};

pub(crate) use self::hash::Secret;
pub use self::hash::{KeyHash, KeyHasher};
use self::part::Part;

/// The key by which requests are counted. There is no default: decide first which requests share a limit.
///
/// A key leaves this module as a hash under a secret, and appears in no log, label or header.
///
/// # Example
///
/// A client has a separate limit for each route:
///
/// ```
/// use battlement_rate_limit::Key;
///
/// let key: Key = (Key::client_ip(), Key::route()).into();
/// ```
#[derive(Clone)]
pub struct Key {
    parts: SmallVec<[Part; 1]>,
    missing: Arc<LogLimit>,
}

impl Key {
    /// Counts by the client's address, as resolved by an outer layer of `battlement-client-ip`. IPv6 is counted by the
    /// network that this layer chooses, a /64 by default. That layer needs the [`peer`](Self::peer), too.
    #[must_use]
    pub fn client_ip() -> Self {
        Self::of(Part::ClientIp)
    }

    /// Counts by the address at the other end of the connection, IPv6 by its /64. Behind a proxy, all clients share
    /// it.
    ///
    /// The server has to provide it: axum by `into_make_service_with_connect_info::<SocketAddr>()`, tonic by itself
    /// (both with the feature of that name), and an accept loop by inserting [`PeerAddr`](crate::PeerAddr) into the
    /// extensions of each request.
    #[must_use]
    pub fn peer() -> Self {
        Self::of(Part::Peer)
    }

    /// Counts by the value of a header, such as an API key that was already verified. A request without the header has
    /// no key. A request with several values has no key either, since the service might use a different value.
    ///
    /// A client can invent any number of values: limit by address as well, or verify the value first.
    #[must_use]
    pub fn header(name: HeaderName) -> Self {
        Self::of(Part::Header(name))
    }

    /// Counts by an extension of the request that an outer layer has set, as the authenticated user.
    #[must_use]
    pub fn extension<T: Hash + Send + Sync + 'static>() -> Self {
        Self::of(Part::closure(
            |head, hasher| match head.extensions.get::<T>() {
                Some(value) => {
                    value.hash(hasher);
                    true
                }
                None => false,
            },
            "set an extension of that type in an outer layer",
        ))
    }

    /// Counts by the template of the route, as `/users/{id}`, from the facts or, with the feature `axum`, from
    /// `MatchedPath`: apply the layer with the router's `route_layer` or on the route.
    #[must_use]
    pub fn route() -> Self {
        Self::of(Part::Route)
    }

    /// Counts all requests together.
    #[must_use]
    pub fn global() -> Self {
        Self::of(Part::Global)
    }

    /// Counts by the value that `key` returns; a request for which it returns `None` has no key.
    #[must_use]
    pub fn by<T: Hash>(
        key: impl Fn(&RequestHead<'_>) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Part::closure(
            move |head, hasher| key(head).map(|key| key.hash(hasher)).is_some(),
            "return a key from the closure of `Key::by`, or configure `without_key`",
        ))
    }

    fn of(part: Part) -> Self {
        Self { parts: smallvec![part], missing: Arc::new(LogLimit::once()) }
    }

    /// Returns the key of a request, if the request has all parts.
    #[inline]
    pub(crate) fn read(&self, head: &RequestHead<'_>, secret: &Secret) -> Option<KeyHash> {
        // The most common key: a single address.
        if let [part] = &*self.parts
            && let Some(ip) = part.ip(head)
        {
            return Some(secret.key_of_ip(ip));
        }
        self.read_parts(head, secret)
    }

    fn read_parts(&self, head: &RequestHead<'_>, secret: &Secret) -> Option<KeyHash> {
        let mut hasher = secret.hasher();
        for part in &self.parts {
            if !part.feed(head, &mut hasher) {
                self.warn_missing(part);
                return None;
            }
        }
        Some(hasher.finish_key())
    }

    /// Logs the first request without a key. A client may have caused it, or all requests may lack the key.
    fn warn_missing(&self, part: &Part) {
        if !self.missing.is_spent() && self.missing.admit().is_some() {
            tracing::warn!(
                key = ?part,
                fix = part.fix(),
                "request without a rate limit key; applying the configured `without_key`; logged once",
            );
        }
    }
}

macro_rules! tuple {
    ($($part:ident),+) => {
        impl<$($part: Into<Key>),+> From<($($part,)+)> for Key {
            #[expect(non_snake_case, reason = "a type and its value share a name")]
            fn from(($($part,)+): ($($part,)+)) -> Self {
                let mut parts = SmallVec::new();
                $(parts.extend($part.into().parts);)+
                Self { parts, missing: Arc::new(LogLimit::once()) }
            }
        }
    };
}

tuple!(A, B);
tuple!(A, B, C);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Key").field(&self.parts).finish()
    }
}
