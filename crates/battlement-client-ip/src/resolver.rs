//! Resolves the client from the peer and the headers of a request; pure and synchronous.

use std::{fmt, net::SocketAddr};

use battlement_core::{Scheme, Via};
use http::{HeaderMap, HeaderName};

use crate::{
    Forwarding, Proxies,
    elements::{Element, Elements, TooLong, last_comma},
    forwarded::Hop,
    forwarding::Form,
    hops,
    ip::Ip,
    node::Unusable,
    proxies::MAX_HOPS,
};

/// The trusted proxies, and the headers they write.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    pub(crate) proxies: Proxies,
    pub(crate) forwarding: Forwarding,
}

/// An error in a header of a trusted proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForwardingError {
    Malformed,
    TooLong,
    TooManyHops,
    TooFewHops,
}

/// The client, as far as the hops read so far show it.
#[derive(Debug)]
pub(crate) struct Resolution<'a> {
    pub(crate) ip: Option<Ip>,
    pub(crate) via: Via,
    pub(crate) peer: Option<Ip>,
    pub(crate) scheme: Option<Scheme>,
    pub(crate) host: Option<Element<'a>>,
}

impl Resolver {
    /// Returns whether the other end of the connection is a trusted proxy; without an address, it is a Unix socket.
    pub(crate) fn trusts(&self, peer: Option<Ip>) -> bool {
        self.proxies.has_peer(peer.map(Ip::addr))
    }

    /// Replaces a trusted peer with the client that the headers name.
    pub(crate) fn resolve<'a>(
        &self,
        resolution: &mut Resolution<'a>,
        headers: &'a HeaderMap,
    ) -> Result<(), ForwardingError> {
        let name = &self.forwarding.header;
        let is_proxy = |nth, ip: Ip| self.proxies.has_hop(nth, ip.addr());
        let walked = match self.forwarding.form {
            Form::List => self.walk(resolution, hops::listed(headers, name), is_proxy),
            Form::Rfc7239 => self.walk(resolution, hops::forwarded(headers, name), is_proxy),
            Form::Single => self.walk(resolution, hops::single(headers, name), |_, _| false),
        };
        if walked.is_err() {
            resolution.via = Via::Stopped;
        }
        if let Some(name) = &self.forwarding.scheme {
            let value = last(headers, name);
            resolution.scheme = value.and_then(|value| Scheme::parse(value.bytes()));
        }
        if let Some(name) = &self.forwarding.host {
            resolution.host = last(headers, name);
        }
        walked
    }

    /// Follows the hops from the nearest one to the first that is not a proxy. A hop is read only if the hop that
    /// wrote it is a proxy.
    fn walk<'a>(
        &self,
        resolution: &mut Resolution<'a>,
        hops: impl Iterator<Item = Result<Hop<'a>, TooLong>>,
        is_proxy: impl Fn(u8, Ip) -> bool,
    ) -> Result<(), ForwardingError> {
        let mut count = 0;
        for hop in hops {
            if count == MAX_HOPS {
                return Err(ForwardingError::TooManyHops);
            }
            count += 1;
            let hop = hop.map_err(|TooLong| ForwardingError::TooLong)?;
            let is_proxy = match hop.node {
                Ok(ip) => is_proxy(count, ip),
                Err(Unusable::Hidden) => false,
                Err(Unusable::Malformed) => return Err(ForwardingError::Malformed),
            };
            resolution.apply(hop, is_proxy);
            if !is_proxy {
                return Ok(());
            }
        }
        let all_are_proxies = count > 0;
        if all_are_proxies && self.proxies.are_counted() {
            *resolution = Resolution {
                via: Via::Peer,
                ip: resolution.peer,
                scheme: None,
                host: None,
                ..*resolution
            };
            return Err(ForwardingError::TooFewHops);
        }
        Ok(())
    }
}

impl<'a> Resolution<'a> {
    pub(crate) fn of_peer(peer: Option<SocketAddr>) -> Self {
        let peer = peer.map(|addr| addr.ip().into());
        Self { ip: peer, via: Via::Peer, peer, scheme: None, host: None }
    }

    /// Sets `hop`, which a proxy wrote, as the client that is known so far.
    fn apply(&mut self, hop: Hop<'a>, is_proxy: bool) {
        (self.scheme, self.host) = (hop.scheme, hop.host);
        self.via = match hop.node {
            Ok(_) if is_proxy => Via::AllTrusted,
            Ok(_) => Via::Header,
            Err(_) => Via::Stopped,
        };
        self.ip = hop.node.ok().or(self.ip);
    }
}

/// Returns the last value of the header `name`, which the nearest proxy wrote.
fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Element<'a>> {
    let last = Elements::new(headers, name, last_comma).next()?.ok()?;
    Some(last.trimmed())
}

impl fmt::Display for ForwardingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "an entry is not an IP address",
            Self::TooLong => "the header is too long",
            Self::TooManyHops => "the header has more than 32 hops",
            Self::TooFewHops => "the header has fewer hops than the configured number of proxies",
        })
    }
}
