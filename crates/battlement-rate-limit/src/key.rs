mod hash;
mod inbound;
mod network;
mod part;
mod sip;

use std::{
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use http::HeaderName;
use smallvec::{SmallVec, smallvec};

pub(crate) use self::hash::Secret;
use self::part::Part;
pub use self::{
    hash::{KeyHash, KeyHasher},
    inbound::Inbound,
};

/// What requests are counted by. There is no default: who shares a limit is the first thing to decide.
///
/// A key leaves this module as a hash under a secret, and stands in no log, label or header.
///
/// # Example
///
/// A client has a limit of its own for each route:
///
/// ```
/// use battlement_rate_limit::Key;
///
/// let key: Key = (Key::client_ip(), Key::route()).into();
/// ```
#[derive(Clone)]
pub struct Key {
    parts: SmallVec<[Part; 1]>,
    warned: Arc<AtomicBool>,
}

impl Key {
    /// The client's address, as the layer `battlement-client-ip` further out decided it. IPv6 counts by the
    /// network that layer says, a /64 by default. That layer has to know the [`peer`](Self::peer), too.
    #[must_use]
    pub fn client_ip() -> Self {
        Self::of(Part::ClientIp)
    }

    /// The address at the other end of the connection, IPv6 by its /64. Behind a proxy all clients are one.
    ///
    /// The server has to say it: axum by `into_make_service_with_connect_info::<SocketAddr>()`, tonic does (both by
    /// the feature of that name), and an accept loop of your own puts [`PeerAddr`](crate::PeerAddr) into
    /// the extensions of each request.
    #[must_use]
    pub fn peer() -> Self {
        Self::of(Part::Peer)
    }

    /// The value of a header, as an API key that was checked already. Who sends none has no key; nor has who
    /// sends several, of which the service inside might believe another one.
    ///
    /// A client can make up as many values as it likes: limit by address as well, or check it first.
    #[must_use]
    pub fn header(name: HeaderName) -> Self {
        Self::of(Part::Header(name))
    }

    /// An extension of the request that a layer further out has set, as the user who logged in.
    #[must_use]
    pub fn extension<T: Hash + Send + Sync + 'static>() -> Self {
        Self::of(Part::closure(
            |inbound, hasher| match inbound.extensions.get::<T>() {
                Some(value) => {
                    value.hash(hasher);
                    true
                }
                None => false,
            },
            "no extension of that type: set it in a layer further out",
        ))
    }

    /// The template of the route, as `/users/{id}`, from the facts or, with the feature `axum`, from
    /// `MatchedPath`: then the layer has to stand in the router's `route_layer` or on the route.
    #[must_use]
    pub fn route() -> Self {
        Self::of(Part::Route)
    }

    /// One and the same for everybody.
    #[must_use]
    pub fn global() -> Self {
        Self::of(Part::Global)
    }

    /// What `key` says of the request; `None` is no key.
    #[must_use]
    pub fn by<T: Hash>(key: impl Fn(&Inbound<'_>) -> Option<T> + Send + Sync + 'static) -> Self {
        Self::of(Part::closure(
            move |inbound, hasher| key(inbound).map(|key| key.hash(hasher)).is_some(),
            "the closure of Key::by found none",
        ))
    }

    fn of(part: Part) -> Self {
        Self { parts: smallvec![part], warned: Arc::default() }
    }

    /// The key of a request, if it has all parts of one.
    #[inline]
    pub(crate) fn read(&self, inbound: &Inbound<'_>, secret: &Secret) -> Option<KeyHash> {
        // What most are: an address alone.
        if let [part] = &*self.parts
            && let Some(ip) = part.ip(inbound)
        {
            return Some(secret.of_ip(ip));
        }
        self.read_parts(inbound, secret)
    }

    fn read_parts(&self, inbound: &Inbound<'_>, secret: &Secret) -> Option<KeyHash> {
        let mut hasher = secret.hasher();
        for part in &self.parts {
            if !part.feed(inbound, &mut hasher) {
                self.warn(part);
                return None;
            }
        }
        Some(hasher.finish_key())
    }

    /// Once: a request without a key may be an attack, or all requests there are.
    fn warn(&self, part: &Part) {
        if !self.warned.load(Relaxed) && !self.warned.swap(true, Relaxed) {
            tracing::warn!(
                key = ?part,
                fix = part.fix(),
                "a request has no key for its rate limit; this is told once",
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
                Self { parts, warned: Arc::default() }
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
