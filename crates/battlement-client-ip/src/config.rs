use std::{ops::RangeInclusive, sync::Arc};

use battlement_core::{ClientIp, Peer, RequestFacts};
use http::{Extensions, HeaderMap, Request};
use tokio::time::Instant;

use crate::{
    InvalidField,
    elements::Element,
    ip::Ip,
    notices::Notices,
    resolver::{Found, Resolver},
};

/// What mistakes are of.
pub(crate) const SETTINGS: &str = "client IP settings";
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
    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        if IPV6_PREFIX.contains(&self.ipv6_prefix) {
            return Vec::new();
        }
        let (min, max) = (IPV6_PREFIX.start(), IPV6_PREFIX.end());
        let message = format!("{} bits; must be {min} to {max}", self.ipv6_prefix);
        vec![InvalidField::new("ipv6_prefix", message)]
    }

    /// Decides who the client of `request` is, and keeps it in the request's facts. What a layer further out
    /// has decided stands.
    pub(crate) fn admit<B>(&self, request: &mut Request<B>) {
        if let Some(facts) = RequestFacts::of(request) {
            if facts.client().is_none() {
                self.tell(facts, request.headers(), request.extensions());
            }
            return;
        }
        let facts = RequestFacts::starting(Instant::now());
        self.tell(&facts, request.headers(), request.extensions());
        if facts.client().is_some() {
            request.extensions_mut().insert(facts);
        }
    }

    /// Tells `facts` who the client is, if that is known.
    fn tell(&self, facts: &RequestFacts, headers: &HeaderMap, extensions: &Extensions) {
        let peer = Peer::in_extensions(extensions);
        let is_known = peer.is_some();
        let mut found = Found::at(peer.and_then(Peer::addr));
        match &self.resolver {
            Some(resolver) if is_known && resolver.trusts(found.peer) => {
                if let Err(fault) = resolver.resolve(&mut found, headers) {
                    let peer = found.peer.map(Ip::addr);
                    self.notices.fault(fault, &resolver.forwarding.header, peer);
                }
            }
            Some(_) => {}
            None => self.notices.untrusted(headers),
        }
        let Some(ip) = found.ip else {
            return self.notices.nobody(is_known);
        };
        let mut client = ClientIp::new(ip.addr(), found.via);
        client.peer = found.peer.map(Ip::addr);
        client.scheme = found.scheme;
        client.host = found.host.and_then(Element::host);
        client.ipv6_prefix = self.ipv6_prefix;
        facts.set_client(client);
    }
}
