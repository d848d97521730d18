use battlement_core::{Caller, ClientIp, IpKey, RequestFacts, peer_addr};
use http::{Extensions, HeaderMap, Method, Request, Uri, Version};
use tokio::time::Instant;

/// How much of an IPv6 address of a peer counts, in bits.
const IPV6_PREFIX: u8 = 64;

/// The head of a request, for keys, costs and the choice of policies.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Inbound<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions, where layers further out have put what they know.
    pub extensions: &'a Extensions,
    /// What layers of ours know of the request.
    facts: Option<&'a RequestFacts>,
    version: Version,
}

impl<'a> Inbound<'a> {
    pub(crate) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
            facts: RequestFacts::of(request),
            version: request.version(),
        }
    }

    /// The sender of the request, as a rejection has to know it.
    pub(crate) fn caller(&self) -> Caller {
        Caller::of_head(self.version, self.headers)
    }

    /// When the outermost of our layers saw the request.
    pub(crate) fn start(&self) -> Option<Instant> {
        self.facts.map(RequestFacts::start)
    }

    /// Who the client is, if a layer further out has decided that.
    #[must_use]
    pub fn client(&self) -> Option<&'a ClientIp> {
        self.facts?.client()
    }

    /// The other end of the connection, as a limiter counts it, if the server says so.
    #[must_use]
    pub fn peer(&self) -> Option<IpKey> {
        peer_addr(self.extensions).map(|addr| IpKey::of(addr.ip(), IPV6_PREFIX))
    }

    /// The template of the route, if it is known already.
    #[must_use]
    pub fn route(&self) -> Option<&'a str> {
        let route = self.facts.and_then(RequestFacts::route);
        route.or_else(|| matched_path(self.extensions))
    }
}

#[cfg(feature = "axum")]
fn matched_path(extensions: &Extensions) -> Option<&str> {
    extensions.get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
const fn matched_path(_: &Extensions) -> Option<&str> {
    None
}
