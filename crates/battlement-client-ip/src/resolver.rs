//! Who the client is: pure, from the peer and the headers of a request.

use std::{fmt, net::IpAddr};

use battlement_core::{ClientIp, Host, Peer, Scheme, Via};
use http::{HeaderMap, HeaderName};

use crate::{
    Forwarding, Proxies,
    elements::{Element, Elements, MAX_BYTES, TooLong, last_comma},
    forwarded::Hop,
    forwarding::Form,
    node::{self, Unusable},
    proxies::MAX_HOPS,
};

/// Proxies that are believed, and what they write.
#[derive(Clone, Debug)]
pub(crate) struct Resolver {
    pub(crate) proxies: Proxies,
    pub(crate) forwarding: Forwarding,
}

/// What was found of a request. Without a client, nobody on the way has an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) client: Option<ClientIp>,
    pub(crate) fault: Option<Fault>,
}

/// What a trusted proxy, or something between it and us, does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed,
    TooLong,
    TooManyHops,
    TooFewHops,
}

/// How far the walk has come.
struct Walk {
    ip: Option<IpAddr>,
    via: Via,
    hops: u8,
    scheme: Option<Scheme>,
    host: Option<Host>,
}

impl Resolver {
    pub(crate) fn resolve(&self, peer: Peer, headers: &HeaderMap) -> Resolved {
        let peer_ip = peer.addr().map(|addr| addr.ip());
        if !self.proxies.has_peer(peer) {
            return Resolved::peer(peer);
        }
        let mut walk = Walk::from(peer_ip);
        let fault = self.walk(&mut walk, headers).err();
        if fault.is_some() {
            walk.via = Via::Stopped;
        }
        if fault == Some(Fault::TooFewHops) {
            walk.ip = peer_ip;
        }
        if let Some(name) = &self.forwarding.scheme {
            let value = last(headers, name);
            walk.scheme = value.and_then(|value| Scheme::parse(value.trimmed()));
        }
        if let Some(name) = &self.forwarding.host {
            walk.host = last(headers, name).and_then(|value| value.host());
        }
        walk.end(peer_ip, fault)
    }

    /// Goes from the nearest hop to the first that is no proxy. A hop is read only if the one before it, who
    /// wrote it, is a proxy.
    fn walk(&self, walk: &mut Walk, headers: &HeaderMap) -> Result<(), Fault> {
        let mut elements = self.forwarding.elements(headers);
        while let Some(element) = elements.next() {
            if walk.hops == MAX_HOPS {
                return Err(Fault::TooManyHops);
            }
            let hop = self.read(&element.map_err(|TooLong| Fault::TooLong)?, &mut elements);
            (walk.scheme, walk.host) = (hop.scheme, hop.host);
            let ip = match hop.node {
                Ok(ip) => ip,
                Err(Unusable::Malformed) => return Err(Fault::Malformed),
                Err(Unusable::Hidden) => {
                    walk.via = Via::Stopped;
                    return Ok(());
                }
            };
            walk.hops += 1;
            walk.ip = Some(ip);
            if !self.is_proxy(walk.hops, ip) {
                walk.via = Via::Header;
                return Ok(());
            }
            walk.via = Via::AllTrusted;
        }
        let is_short = walk.hops > 0 && self.proxies.are_counted();
        if is_short { Err(Fault::TooFewHops) } else { Ok(()) }
    }

    fn read(&self, element: &Element<'_>, rest: &mut Elements<'_>) -> Hop {
        match self.forwarding.form {
            Form::Rfc7239 => Hop::of_forwarded(element),
            // Two lines where the proxy sets one: it does not set it, and they are the client's.
            Form::Single if rest.next().is_some() => Hop::at(Err(Unusable::Malformed)),
            Form::List | Form::Single => Hop::at(node::parse(element.trimmed())),
        }
    }

    fn is_proxy(&self, nth: u8, ip: IpAddr) -> bool {
        self.forwarding.form != Form::Single && self.proxies.has_hop(nth, ip)
    }
}

impl Resolved {
    /// The one at the other end of the connection.
    pub(crate) fn peer(peer: Peer) -> Self {
        let ip = peer.addr().map(|addr| addr.ip());
        Walk::from(ip).end(ip, None)
    }
}

impl Walk {
    const fn from(peer: Option<IpAddr>) -> Self {
        Self { ip: peer, via: Via::Peer, hops: 0, scheme: None, host: None }
    }

    fn end(self, peer: Option<IpAddr>, fault: Option<Fault>) -> Resolved {
        let client = self.ip.map(|ip| {
            let mut client = ClientIp::new(ip, self.via);
            client.peer = peer.map(|peer| peer.to_canonical());
            client.scheme = self.scheme;
            client.host = self.host;
            client
        });
        Resolved { client, fault }
    }
}

/// The last value of the header `name`, which the nearest proxy wrote.
fn last<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Element<'a>> {
    let values = headers.get_all(name).iter();
    Elements::new(values, last_comma, MAX_BYTES).next()?.ok()
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "a hop is no address",
            Self::TooLong => "it is too long",
            Self::TooManyHops => "it has too many hops",
            Self::TooFewHops => "it has fewer hops than there are proxies",
        })
    }
}
