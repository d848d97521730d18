use std::{
    fmt,
    net::IpAddr,
    sync::{Arc, Once},
};

use battlement_core::{Networks, peer_addr};
use http::{Extensions, HeaderMap, Method, Request, Uri};
use ipnet::IpNet;

/// The head of a request, for a predicate to judge.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Inbound<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The extensions, where the server has put what it knows of the connection.
    pub extensions: &'a Extensions,
}

impl<'a> Inbound<'a> {
    pub(crate) fn of<B>(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }

    /// The address at the other end of the connection, if the server says so; never read from a header.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        peer_addr(self.extensions).map(|addr| addr.ip().to_canonical())
    }
}

/// Whose ids and traces are taken over.
///
/// What is taken over is checked under every policy; this says whose is looked at.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Anybody's, if it is a token of the accepted length. The default.
    #[default]
    IfValid,
    /// Nobody's: every request gets an id of ours, and a proxy passes none of its caller's ids and traces on. For
    /// the front gate of a network.
    Never,
    /// Anybody's, in any form an id can have: visible ASCII without quotes, backslashes and angle brackets,
    /// and of any length unless [`accept_length`](crate::RequestIdLayer::accept_length) is set. For callers whose ids are no tokens, as AWS's `Root=1-…`.
    Always,
    /// Theirs for whom the predicate says so, under the rules of [`Trust::IfValid`].
    When(Predicate),
    /// Theirs who connect from one of these networks, under the rules of [`Trust::IfValid`].
    ///
    /// Who connects is what the server says: axum with
    /// `into_make_service_with_connect_info::<SocketAddr>()` and the feature `axum`, tonic with the feature
    /// `tonic`, and any other accept loop by putting a [`PeerAddr`](crate::PeerAddr) into the extensions of
    /// each request. A peer whose address is not known is not trusted, and the first one is told by a
    /// warning.
    Peers(Networks),
}

/// What [`Trust::When`] asks. Made by [`Trust::when`].
#[derive(Clone)]
pub struct Predicate(Arc<dyn Fn(&Inbound<'_>) -> bool + Send + Sync>);

impl Trust {
    /// Trusts those for whom `predicate` says so.
    pub fn when(predicate: impl Fn(&Inbound<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::When(Predicate(Arc::new(predicate)))
    }

    /// Trusts those who connect from one of `networks`.
    pub fn peers(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self::Peers(networks.into_iter().collect())
    }

    pub(crate) fn allows(&self, inbound: &Inbound<'_>) -> bool {
        match self {
            Self::IfValid | Self::Always => true,
            Self::Never => false,
            Self::When(predicate) => (predicate.0)(inbound),
            Self::Peers(networks) => match inbound.peer() {
                Some(peer) => networks.contains(peer),
                None => {
                    warn_of_unknown_peer();
                    false
                }
            },
        }
    }
}

fn warn_of_unknown_peer() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            "a request came from a peer whose address the server does not tell, so it is not trusted; \
             see Trust::Peers for what each server needs"
        );
    });
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate")
    }
}
