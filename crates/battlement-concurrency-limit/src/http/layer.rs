use std::sync::Arc;

use battlement_core::{RequestHead, TrustedPeers, WithError};
use http::{HeaderName, response::Parts};
use ipnet::IpNet;

use super::{call::Release, class_of::ClassOf, exempt::ExemptPaths, kind::Http};
use crate::ConcurrencyLimitLayer;

impl<A> ConcurrencyLimitLayer<Http<A>> {
    /// Returns errors as boxed ones, as tower's layers do. A call that is
    /// rejected returns an [`Overloaded`](crate::Overloaded) instead of a response.
    #[must_use]
    pub fn as_error(self) -> ConcurrencyLimitLayer<Http<WithError>> {
        self.map(Http::form)
    }

    /// Sets the class of a request, by the name that the closure returns. Default: the
    /// [default class](Self::default_class), which is also that of unknown names.
    ///
    /// The type of the layer stays the same. With [`class_by`](Self::class_by), the closure is a part of it, and costs less.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_concurrency_limit::ConcurrencyLimitLayer;
    ///
    /// let layer = ConcurrencyLimitLayer::fixed(256)
    ///     .classes([("critical", 0.2), ("default", 0.0)])
    ///     .class(|head| if head.uri.path() == "/orders" { "critical" } else { "default" });
    /// ```
    #[must_use]
    pub fn class(
        self,
        class: impl for<'a> Fn(&'a RequestHead<'a>) -> &'a str + Send + Sync + 'static,
    ) -> Self {
        let class = ClassOf::Closure(Arc::new(class));
        self.map(|kind| Http { class, ..kind })
    }

    /// Reads the class of a request from a header of trusted peers. Default: no header is read, since a client that
    /// chose its class would choose the highest.
    ///
    /// The peers are the proxies that `battlement_client_ip::ClientIpLayer`, further out, trusts, unless
    /// [`trust_peers`](Self::trust_peers) or [`trust`](Self::trust) follows. The header of any other peer is ignored; the
    /// first time, a warning says so. A trusted proxy must set or remove the header of each request: a header that it
    /// passes on is the choice of the client.
    #[must_use]
    pub fn by_header(self, header: HeaderName) -> Self {
        let class = ClassOf::by_header(header);
        self.map(|kind| Http { class, ..kind })
    }

    /// Trusts the class header of peers in `networks`, in place of the proxies that the client IP layer trusts.
    ///
    /// # Panics
    ///
    /// If [`by_header`](Self::by_header) does not precede.
    #[must_use]
    pub fn trust_peers(self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.trusting(TrustedPeers::within(networks.into_iter().collect()))
    }

    /// Trusts the class header of peers for which `trusts` returns true, in place of the proxies that the client IP
    /// layer trusts.
    ///
    /// # Panics
    ///
    /// If [`by_header`](Self::by_header) does not precede.
    #[must_use]
    pub fn trust(self, trusts: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.trusting(TrustedPeers::when(trusts))
    }

    /// Sets the exact paths of requests that do not count, in place of the default ones: `/livez`, `/readyz`,
    /// `/startupz`, `/healthz`, `/health`, `/metrics`, and the methods of gRPC health.
    ///
    /// # Panics
    ///
    /// If an entry is not the path of a request.
    #[must_use]
    pub fn exempt_paths<P: Into<Box<str>>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        let exempt = match ExemptPaths::new(paths) {
            Ok(exempt) => exempt,
            Err((path, rule)) => panic!("ConcurrencyLimitLayer: exempt path {path:?} {rule}"),
        };
        self.map(|kind| Http { exempt, ..kind })
    }

    /// Gives the permit of a call back at the head of its response, if `at_head` returns true. Default: at the end of
    /// the body, whatever the response is.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_concurrency_limit::ConcurrencyLimitLayer;
    ///
    /// let layer = ConcurrencyLimitLayer::fixed(256).release_at_head(|head| {
    ///     head.headers.get("content-type").is_some_and(|value| value == "text/event-stream")
    /// });
    /// ```
    #[must_use]
    pub fn release_at_head(self, at_head: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.configure(|config| config.release = Some(Release::new(at_head)))
    }

    fn trusting(self, peers: TrustedPeers) -> Self {
        self.map(|kind| match kind.class {
            ClassOf::Header(header, _) => Http { class: ClassOf::Header(header, peers), ..kind },
            _ => panic!("ConcurrencyLimitLayer: `by_header` must precede the peers that it trusts"),
        })
    }
}
