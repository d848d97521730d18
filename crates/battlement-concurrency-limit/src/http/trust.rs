use std::{fmt, sync::Arc};

use battlement_core::{LogLimit, Networks, RequestHead};
use http::HeaderName;
use tracing::warn;

/// The peers whose class header is read.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    rule: Rule,
    /// Shared by all clones, so that an ignored header is logged once for all of them.
    ignored: Arc<LogLimit>,
}

#[derive(Clone)]
enum Rule {
    /// The proxies that the layer of client IP trusts.
    ClientIp,
    Peers(Networks),
    When(Arc<dyn Fn(&RequestHead<'_>) -> bool + Send + Sync>),
}

impl Default for Trust {
    fn default() -> Self {
        Self::new(Rule::ClientIp)
    }
}

impl Trust {
    fn new(rule: Rule) -> Self {
        Self { rule, ignored: Arc::new(LogLimit::once()) }
    }

    pub(super) fn peers(networks: Networks) -> Self {
        Self::new(Rule::Peers(networks))
    }

    pub(super) fn when(trusts: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::new(Rule::When(Arc::new(trusts)))
    }

    /// Returns whether the header of the request may be read.
    pub(super) fn allows(&self, head: &RequestHead<'_>) -> bool {
        match &self.rule {
            Rule::ClientIp => head.client().is_some_and(|client| client.peer_is_trusted),
            Rule::Peers(networks) => head.peer().is_some_and(|peer| networks.contains(peer)),
            Rule::When(trusts) => trusts(head),
        }
    }

    /// Logs the first header that was ignored.
    #[cold]
    pub(super) fn ignored(&self, header: &HeaderName) {
        if self.ignored.admit().is_some() {
            warn!(
                %header,
                "ignored the class header of a peer that is not trusted; to read it, trust the peer with \
                 ClientIpLayer::behind, ConcurrencyLimitLayer::trust_peers or ConcurrencyLimitLayer::trust"
            );
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientIp => f.write_str("ClientIp"),
            Self::Peers(networks) => f.debug_tuple("Peers").field(networks).finish(),
            Self::When(_) => f.write_str("When"),
        }
    }
}
