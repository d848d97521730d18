use http::{Extensions, Request};

use crate::RequestFacts;

/// The scheme of a client's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http` or `ws`.
    Http,
    /// `https` or `wss`.
    Https,
}

/// The scheme of the connection that a request came over: `https` if the server speaks TLS on it.
///
/// The accept loop inserts it into the extensions of every request, or a layer does if the server accepts only TLS.
/// The URI of a request is not a substitute: a client may send `GET https://host/`, or the `:scheme` of HTTP/2, over
/// plain TCP as well.
///
/// # Example
///
/// ```
/// use battlement_core::{ConnectionScheme, Scheme};
/// use http::Request;
///
/// let forged = Request::get("https://shop.example/").body(()).unwrap();
/// assert_eq!(Scheme::of(&forged), None);
///
/// let mut request = Request::get("/").body(()).unwrap();
/// request.extensions_mut().insert(ConnectionScheme(Scheme::Https));
/// assert_eq!(Scheme::of(&request), Some(Scheme::Https));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionScheme(pub Scheme);

impl Scheme {
    /// Returns the scheme that the client of `request` uses: the one that a trusted proxy wrote or, without that,
    /// the scheme of the [connection](ConnectionScheme). Never the scheme of the URI, which the client chooses.
    #[must_use]
    #[inline]
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        Self::known(RequestFacts::of(request), request.extensions())
    }

    /// Returns the scheme of a request with these facts and extensions; see [`of`](Self::of).
    #[must_use]
    #[inline]
    pub fn known(facts: Option<&RequestFacts>, extensions: &Extensions) -> Option<Self> {
        let written = facts.and_then(|facts| facts.client()?.scheme);
        written.or_else(|| extensions.get::<ConnectionScheme>().map(|scheme| scheme.0))
    }

    /// Parses a scheme, without regard to case.
    #[must_use]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let is = |scheme: &[u8]| name.eq_ignore_ascii_case(scheme);
        if is(b"https") || is(b"wss") {
            Some(Self::Https)
        } else if is(b"http") || is(b"ws") {
            Some(Self::Http)
        } else {
            None
        }
    }

    /// Returns whether this is [`Https`](Self::Https).
    #[must_use]
    pub const fn is_https(self) -> bool {
        matches!(self, Self::Https)
    }

    /// Returns `http` or `https`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientIp, Via};

    #[test]
    fn a_scheme_is_parsed_in_any_case() {
        for (name, scheme) in [
            ("https", Some(Scheme::Https)),
            ("WSS", Some(Scheme::Https)),
            ("Http", Some(Scheme::Http)),
            ("ws", Some(Scheme::Http)),
            ("httpss", None),
            ("", None),
        ] {
            assert_eq!(Scheme::parse(name.as_bytes()), scheme, "{name}");
        }
    }

    #[test]
    fn the_scheme_is_a_trusted_proxy_s_or_the_connection_s_and_never_the_uri_s() {
        let schemes = [None, Some(Scheme::Http), Some(Scheme::Https)];
        for uri in ["/", "http://shop.example/", "https://shop.example/"] {
            for connection in schemes {
                for proxy in schemes {
                    let mut request = Request::get(uri).body(()).unwrap();
                    if let Some(scheme) = connection {
                        request.extensions_mut().insert(ConnectionScheme(scheme));
                    }
                    let mut client = ClientIp::new([192, 0, 2, 1].into(), Via::Header);
                    client.scheme = proxy;
                    RequestFacts::of_or_start(&mut request).set_client(client);
                    assert_eq!(Scheme::of(&request), proxy.or(connection), "{uri}");
                }
            }
        }
    }
}
