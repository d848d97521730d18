use std::{fmt, sync::Arc};

use battlement_core::{LogLimit, Networks, RequestHead};
use http::Request;
use ipnet::IpNet;

/// The callers whose ids and traces are accepted.
///
/// Accepted ids and traces are validated under every policy; this setting selects the callers.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Accepts every caller's id if it is a token of the accepted length. The default.
    #[default]
    IfValid,
    /// Accepts no caller's ids: every request gets a new id, and a proxy passes none of its caller's ids and traces
    /// on. For the edge of a network.
    Never,
    /// Accepts every caller's id in every form that an id can have: visible ASCII without quotes, backslashes and
    /// angle brackets, and of any length unless [`accept_length`](crate::RequestIdLayer::accept_length) is set. For
    /// callers whose ids are not tokens, such as AWS's `Root=1-…`.
    Always,
    /// Accepts the ids of callers for which the predicate returns true, under the rules of [`Trust::IfValid`].
    When(Predicate),
    /// Accepts the ids of callers that connect from one of these networks, under the rules of [`Trust::IfValid`].
    ///
    /// The server provides the address of the caller: axum with `into_make_service_with_connect_info::<SocketAddr>()`
    /// and the feature `axum`, tonic with the feature `tonic`, and any other accept loop by inserting a
    /// [`PeerAddr`](crate::PeerAddr) into the extensions of each request. A peer with an unknown address is not
    /// trusted, and the first one is logged.
    Peers(Networks),
}

/// The predicate of [`Trust::When`], created by [`Trust::when`].
#[derive(Clone)]
pub struct Predicate(Arc<dyn Fn(&RequestHead<'_>) -> bool + Send + Sync>);

impl Trust {
    /// Trusts the callers for which `predicate` returns true.
    pub fn when(predicate: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::When(Predicate(Arc::new(predicate)))
    }

    /// Trusts the callers that connect from one of `networks`.
    pub fn peers(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self::Peers(networks.into_iter().collect())
    }

    /// Returns whether the ids of `request` may be accepted.
    #[inline]
    pub(crate) fn allows<B>(&self, request: &Request<B>) -> bool {
        match self {
            Self::IfValid | Self::Always => true,
            Self::Never => false,
            Self::When(_) | Self::Peers(_) => self.allows_head(&RequestHead::of(request)),
        }
    }

    #[inline(never)]
    fn allows_head(&self, head: &RequestHead<'_>) -> bool {
        match self {
            Self::IfValid | Self::Always => true,
            Self::Never => false,
            Self::When(predicate) => (predicate.0)(head),
            Self::Peers(networks) => match head.peer() {
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
    static LIMIT: LogLimit = LogLimit::once();
    if LIMIT.admit().is_some() {
        tracing::warn!(
            "the server does not provide the address of a peer, so its ids and traces are not trusted; see \
             Trust::Peers for the setup of each server"
        );
    }
}

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate")
    }
}
