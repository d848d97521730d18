use std::{ops::RangeInclusive, sync::Arc};

use battlement_core::{ClientIp, Peer, RequestFacts};
use http::Request;
use tokio::time::Instant;

use crate::{
    Mistake,
    notices::Notices,
    resolver::{Resolver, at_peer},
};

/// What may be one client: from the smallest network a registry gives to a provider, to one address.
const IPV6_PREFIX: RangeInclusive<u8> = 32..=128;

/// What a [`ClientIpLayer`](crate::ClientIpLayer) was told.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    /// Absent where nobody is trusted.
    pub(crate) resolver: Option<Resolver>,
    pub(crate) ipv6_prefix: u8,
    /// One for all clones: what is told once is told once.
    pub(crate) notices: Arc<Notices>,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, resolver: None, ipv6_prefix: 64, notices: Arc::new(Notices::new()) }
    }
}

impl Config {
    /// Everything that is wrong with it.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        if IPV6_PREFIX.contains(&self.ipv6_prefix) {
            return Vec::new();
        }
        let (min, max) = (IPV6_PREFIX.start(), IPV6_PREFIX.end());
        let message = format!("{} bits; must be {min} to {max}", self.ipv6_prefix);
        vec![Mistake { field: "ipv6_prefix", message }]
    }

    /// Decides who the client of `request` is, and keeps it in the request's facts. What a layer further out
    /// has decided stands.
    pub(crate) fn admit<B>(&self, request: &mut Request<B>) {
        let facts = RequestFacts::of(request);
        if facts.is_some_and(|facts| facts.client().is_some()) {
            return;
        }
        let Some(mut client) = self.client(request) else {
            return;
        };
        client.ipv6_prefix = self.ipv6_prefix;
        if let Some(facts) = facts {
            facts.set_client(client);
        } else {
            let facts = RequestFacts::starting(Instant::now());
            facts.set_client(client);
            request.extensions_mut().insert(facts);
        }
    }

    fn client<B>(&self, request: &Request<B>) -> Option<ClientIp> {
        let peer = Peer::in_extensions(request.extensions());
        let mut client = peer.and_then(Peer::addr).map(|addr| at_peer(addr.ip()));
        match (&self.resolver, peer) {
            (Some(resolver), Some(peer)) if resolver.trusts(peer) => {
                if let Err(fault) = resolver.resolve(&mut client, request.headers()) {
                    self.notices.fault(fault, &resolver.forwarding.header, peer);
                }
            }
            (Some(_), _) => {}
            (None, _) => self.notices.untrusted(request.headers()),
        }
        if client.is_none() {
            self.notices.nobody(peer);
        }
        client
    }
}
