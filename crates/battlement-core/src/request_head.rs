use std::net::IpAddr;

use http::{Extensions, HeaderMap, Method, Request, Uri, Version, request::Parts};
use tokio::time::Instant;

use crate::{Caller, ClientIp, IpKey, RequestFacts, peer_addr};

/// The prefix length, in bits, by which a limiter counts the IPv6 address of a peer.
const IPV6_PREFIX: u8 = 64;

/// The head of a request, as layers pass it to closures: predicates, keys, costs, and selections of policies.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The version of HTTP.
    pub version: Version,
    /// The target.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions, which contain the data of the server and of outer layers.
    pub extensions: &'a Extensions,
    facts: Option<&'a RequestFacts>,
}

impl<'a> RequestHead<'a> {
    /// Returns the head of `request`.
    pub fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            version: request.version(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
            facts: RequestFacts::of(request),
        }
    }

    /// Returns the head of a request without its body.
    #[must_use]
    pub fn of_parts(parts: &'a Parts) -> Self {
        let Parts { method, version, uri, headers, extensions, .. } = parts;
        let facts = RequestFacts::in_extensions(extensions);
        Self { method, version: *version, uri, headers, extensions, facts }
    }

    /// Returns the properties of the sender that a response depends on.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller::of_head(self.method, self.version, self.headers)
    }

    /// Returns the facts of the request, if an outer layer has created them.
    #[must_use]
    pub const fn facts(&self) -> Option<&'a RequestFacts> {
        self.facts
    }

    /// Returns the time at which the outermost layer received the request.
    #[must_use]
    pub fn start(&self) -> Option<Instant> {
        self.facts.map(RequestFacts::start)
    }

    /// Returns the client, if an outer layer has resolved it.
    #[must_use]
    pub fn client(&self) -> Option<&'a ClientIp> {
        self.facts?.client()
    }

    /// Returns the address at the other end of the connection, if the server provides it; IPv4-mapped IPv6
    /// addresses are returned as IPv4. The address is never read from a header.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        peer_addr(self.extensions).map(|addr| addr.ip().to_canonical())
    }

    /// Returns the [peer](Self::peer) as a limiter counts it: an IPv6 address by its /64.
    #[must_use]
    pub fn peer_key(&self) -> Option<IpKey> {
        peer_addr(self.extensions).map(|addr| IpKey::of(addr.ip(), IPV6_PREFIX))
    }

    /// Returns the template of the route, as `/users/{id}`, if it is known already.
    ///
    /// Read from the facts or, with the feature `axum`, from `MatchedPath`.
    #[must_use]
    pub fn route(&self) -> Option<&'a str> {
        let route = self.facts.and_then(RequestFacts::route);
        route.or_else(|| matched_path(self.extensions))
    }
}

/// Returns the route that axum's router has matched.
#[cfg(feature = "axum")]
#[inline]
#[must_use]
pub fn matched_path(extensions: &Extensions) -> Option<&str> {
    extensions.get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}

/// Returns `None`: without the feature `axum`, no router is supported.
#[cfg(not(feature = "axum"))]
#[must_use]
pub const fn matched_path(_: &Extensions) -> Option<&str> {
    None
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::PeerAddr;

    #[test]
    fn facts_and_peer_are_those_of_the_request() {
        let mut request = Request::get("/a").body(()).unwrap();
        let head = RequestHead::of(&request);
        assert_eq!((head.version, head.caller()), (Version::HTTP_11, Caller::of(&request)));
        assert!(head.facts().is_none() && head.start().is_none() && head.client().is_none());
        assert!(head.peer().is_none() && head.peer_key().is_none() && head.route().is_none());

        let facts = RequestFacts::of_or_start(&mut request);
        facts.set_route("/{page}");
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:80".parse().unwrap();
        request.extensions_mut().insert(PeerAddr(mapped));
        let head = RequestHead::of(&request);
        assert_eq!(head.start(), Some(facts.start()));
        assert_eq!(head.route(), Some("/{page}"));
        assert_eq!(head.peer(), Some("192.0.2.1".parse().unwrap()));
        assert_eq!(head.peer_key(), Some(IpKey::of("192.0.2.1".parse().unwrap(), 64)));
    }
}
