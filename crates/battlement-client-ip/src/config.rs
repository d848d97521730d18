use std::{ops::RangeInclusive, sync::Arc};

use battlement_core::{ClientIp, Peer, RequestFacts, UnknownClient};
use http::{Extensions, HeaderMap, Request};
use tokio::time::Instant;

use crate::{
    InvalidField,
    elements::Element,
    ip::Ip,
    resolver::{Resolution, Resolver},
    warnings::Warnings,
};

/// The subject of a `ConfigError`.
pub(crate) const SETTINGS: &str = "client IP settings";
/// The prefix lengths that a client may have: from the smallest network that a registry gives to a provider, to one
/// address.
const IPV6_PREFIX: RangeInclusive<u8> = 32..=128;

/// The checked settings of a [`ClientIpLayer`](crate::ClientIpLayer).
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) enabled: bool,
    /// Absent if no proxy is trusted.
    pub(crate) resolver: Option<Resolver>,
    pub(crate) ipv6_prefix: u8,
    /// Shared by all clones, so that a warning is logged once for all of them.
    pub(crate) warnings: Arc<Warnings>,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: true, resolver: None, ipv6_prefix: 64, warnings: Arc::new(Warnings::new()) }
    }
}

impl Config {
    /// Returns every invalid setting.
    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        if IPV6_PREFIX.contains(&self.ipv6_prefix) {
            return Vec::new();
        }
        let (min, max) = (IPV6_PREFIX.start(), IPV6_PREFIX.end());
        let message = format!("must be {min} to {max} bits, got {}", self.ipv6_prefix);
        vec![InvalidField::new("ipv6_prefix", message)]
    }

    /// Resolves the client of `request` and stores it in the request's facts, unless an outer layer has resolved it.
    // A call costs more than it saves, since a service has one place that admits requests.
    #[inline(always)]
    pub(crate) fn admit<B>(&self, request: &mut Request<B>) {
        if let Some(facts) = RequestFacts::of(request) {
            let is_known = facts.client().is_some();
            if is_known || self.store_client(facts, request.headers(), request.extensions()) {
                return;
            }
        } else {
            let facts = RequestFacts::starting(Instant::now());
            if self.store_client(&facts, request.headers(), request.extensions()) {
                request.extensions_mut().insert(facts);
                return;
            }
        }
        self.store_reason(request);
    }

    /// Logs why the client is unknown, and stores the reason in the request's extensions.
    #[cold]
    fn store_reason<B>(&self, request: &mut Request<B>) {
        let reason = self.unknown(request.headers(), request.extensions());
        self.warnings.no_address(&reason);
        request.extensions_mut().insert(reason);
    }

    /// Stores the client in `facts`, and returns whether it is known.
    fn store_client(
        &self,
        facts: &RequestFacts,
        headers: &HeaderMap,
        extensions: &Extensions,
    ) -> bool {
        let peer = Peer::in_extensions(extensions);
        let peer_is_known = peer.is_some();
        let mut resolution = Resolution::of_peer(peer.and_then(Peer::addr));
        let mut peer_is_trusted = false;
        match &self.resolver {
            Some(resolver) if peer_is_known && resolver.trusts(resolution.peer) => {
                peer_is_trusted = true;
                if let Err(error) = resolver.resolve(&mut resolution, headers) {
                    let peer = resolution.peer.map(Ip::addr);
                    self.warnings.malformed(error, &resolver.forwarding.header, peer);
                }
            }
            Some(_) => {}
            None => self.warnings.no_proxy_is_trusted(headers),
        }
        let Some(ip) = resolution.ip else { return false };
        let mut client = ClientIp::new(ip.addr(), resolution.via);
        client.peer = resolution.peer.map(Ip::addr);
        client.peer_is_trusted = peer_is_trusted;
        client.scheme = resolution.scheme;
        client.host = resolution.host.and_then(Element::host);
        client.ipv6_prefix = self.ipv6_prefix;
        facts.set_client(client);
        true
    }

    /// Returns the reason why neither the peer nor a header provides an address.
    fn unknown(&self, headers: &HeaderMap, extensions: &Extensions) -> UnknownClient {
        let trusted = self.resolver.as_ref().filter(|resolver| resolver.trusts(None));
        match trusted.map(|resolver| &resolver.forwarding.header) {
            _ if Peer::in_extensions(extensions).is_none() => UnknownClient::NoPeer,
            None => UnknownClient::UntrustedSocket,
            Some(header) if headers.contains_key(header) => {
                UnknownClient::HeaderUnusable(header.clone())
            }
            Some(header) => UnknownClient::HeaderMissing(header.clone()),
        }
    }
}
