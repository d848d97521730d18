use std::{fmt, sync::Arc};

use crate::{LogLimit, Networks, RequestHead};

/// The peers whose header a layer reads: a header that any client could set would be the choice of the client.
///
/// The default peers are the proxies that `battlement_client_ip::ClientIpLayer`, further out, trusts. A peer whose address
/// the server does not provide is in no network.
///
/// # Example
///
/// ```
/// use battlement_core::{PeerAddr, RequestHead, TrustedPeers};
///
/// let peers = TrustedPeers::within(["10.0.0.0/8".parse().unwrap()].into_iter().collect());
/// let mut request = http::Request::new(());
/// assert!(!peers.contains(&RequestHead::of(&request)));
/// request.extensions_mut().insert(PeerAddr("10.0.0.1:4711".parse().unwrap()));
/// assert!(peers.contains(&RequestHead::of(&request)));
/// ```
#[derive(Clone)]
pub struct TrustedPeers {
    rule: Rule,
    /// Shared by all clones, so that an ignored header is logged once for all of them.
    ignored: Arc<LogLimit>,
}

#[derive(Clone)]
enum Rule {
    /// The proxies that the layer of client IP trusts.
    ClientIp,
    Within(Networks),
    When(Arc<dyn Fn(&RequestHead<'_>) -> bool + Send + Sync>),
}

impl TrustedPeers {
    /// Returns the peers in `networks`.
    #[must_use]
    pub fn within(networks: Networks) -> Self {
        Self::new(Rule::Within(networks))
    }

    /// Returns the peers with a request for which `trusts` returns true.
    #[must_use]
    pub fn when(trusts: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::new(Rule::When(Arc::new(trusts)))
    }

    fn new(rule: Rule) -> Self {
        Self { rule, ignored: Arc::new(LogLimit::once()) }
    }

    /// Returns whether the peer that sent the request is one of them.
    #[must_use]
    pub fn contains(&self, head: &RequestHead<'_>) -> bool {
        match &self.rule {
            Rule::ClientIp => head.client().is_some_and(|client| client.peer_is_trusted),
            Rule::Within(networks) => head.peer().is_some_and(|peer| networks.contains(peer)),
            Rule::When(trusts) => trusts(head),
        }
    }

    /// Returns whether the layer logs that it ignores the header of another peer: the first time, for all clones.
    #[must_use]
    pub fn logs_ignored(&self) -> bool {
        self.ignored.admit().is_some()
    }
}

impl Default for TrustedPeers {
    fn default() -> Self {
        Self::new(Rule::ClientIp)
    }
}

impl fmt::Debug for TrustedPeers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::ClientIp => f.write_str("ClientIp"),
            Rule::Within(networks) => f.debug_tuple("Within").field(networks).finish(),
            Rule::When(_) => f.write_str("When"),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::{ClientIp, PeerAddr, RequestFacts, Via};

    /// Returns a request from 10.0.0.1, and the client, if the layer of client IP has resolved it.
    fn request(is_trusted: Option<bool>) -> Request<()> {
        let mut request = Request::get("/orders").body(()).unwrap();
        request.extensions_mut().insert(PeerAddr("10.0.0.1:4711".parse().unwrap()));
        if let Some(is_trusted) = is_trusted {
            let mut client = ClientIp::new("10.0.0.1".parse().unwrap(), Via::Header);
            client.peer_is_trusted = is_trusted;
            RequestFacts::of_or_start(&mut request).set_client(client);
        }
        request
    }

    fn within(network: &str) -> TrustedPeers {
        TrustedPeers::within([network.parse().unwrap()].into_iter().collect())
    }

    fn contain(peers: &TrustedPeers, request: &Request<()>) -> bool {
        peers.contains(&RequestHead::of(request))
    }

    #[test]
    fn the_default_peers_are_those_that_the_client_ip_layer_trusts() {
        let peers = TrustedPeers::default();
        for (is_trusted, expected) in [(None, false), (Some(false), false), (Some(true), true)] {
            assert_eq!(contain(&peers, &request(is_trusted)), expected, "{is_trusted:?}");
        }
    }

    #[test]
    fn networks_and_a_predicate_replace_the_default_peers() {
        assert!(contain(&within("10.0.0.0/8"), &request(None)));
        assert!(!contain(&within("192.0.2.0/24"), &request(Some(true))));
        assert!(contain(&TrustedPeers::when(|head| head.uri.path() == "/orders"), &request(None)));
        assert!(!contain(&TrustedPeers::when(|_| false), &request(Some(true))));
    }

    #[test]
    fn a_peer_with_an_unknown_address_is_in_no_network() {
        let unknown = Request::new(());
        assert!(!contain(&within("0.0.0.0/0"), &unknown) && !contain(&within("::/0"), &unknown));
    }

    #[test]
    fn the_first_ignored_header_is_logged_once_for_all_clones() {
        let peers = TrustedPeers::default();
        let clone = peers.clone();
        assert_eq!([&clone, &peers, &clone].map(TrustedPeers::logs_ignored), [true, false, false]);
        assert!(TrustedPeers::default().logs_ignored());
    }

    #[test]
    fn the_debug_output_is_the_rule() {
        assert_eq!(format!("{:?}", TrustedPeers::default()), "ClientIp");
        assert_eq!(format!("{:?}", within("10.0.0.0/8")), "Within([10.0.0.0/8])");
        assert_eq!(format!("{:?}", TrustedPeers::when(|_| true)), "When");
    }
}
