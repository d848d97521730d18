//! Who the client is: pure, from the peer and the headers of a request.

use std::{fmt, net::IpAddr};

use battlement_core::{ClientIp, Peer, Scheme, Via};
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

/// What a trusted proxy, or something between it and us, does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed,
    TooLong,
    TooManyHops,
    TooFewHops,
}

impl Resolver {
    pub(crate) fn trusts(&self, peer: Peer) -> bool {
        self.proxies.has_peer(peer)
    }

    /// Replaces `client`, which is a trusted peer if that has an address, by the one whom the headers name.
    pub(crate) fn resolve(
        &self,
        client: &mut Option<ClientIp>,
        headers: &HeaderMap,
    ) -> Result<(), Fault> {
        let walked = self.walk(client, headers);
        let Some(client) = client else {
            return walked;
        };
        if walked.is_err() {
            client.via = Via::Stopped;
        }
        if let Some(name) = &self.forwarding.scheme {
            let value = last(headers, name);
            client.scheme = value.and_then(|value| Scheme::parse(value.trimmed()));
        }
        if let Some(name) = &self.forwarding.host {
            client.host = last(headers, name).and_then(|value| value.host());
        }
        walked
    }

    /// Goes from the nearest hop to the first that is no proxy. A hop is read only if the one before it, who
    /// wrote it, is a proxy.
    fn walk(&self, client: &mut Option<ClientIp>, headers: &HeaderMap) -> Result<(), Fault> {
        let mut elements = self.forwarding.elements(headers);
        let mut hops = 0;
        while let Some(element) = elements.next() {
            if hops == MAX_HOPS {
                return Err(Fault::TooManyHops);
            }
            hops += 1;
            let element = element.map_err(|TooLong| Fault::TooLong)?;
            let hop = self.read(&element, &mut elements);
            let is_proxy = match hop.node {
                Ok(ip) => self.is_proxy(hops, ip),
                Err(Unusable::Hidden) => false,
                Err(Unusable::Malformed) => return Err(Fault::Malformed),
            };
            self.take(client, hop, is_proxy);
            if !is_proxy {
                return Ok(());
            }
        }
        if hops > 0 && self.proxies.are_counted() {
            *client = client.take().and_then(|client| client.peer).map(at_peer);
            return Err(Fault::TooFewHops);
        }
        Ok(())
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

    /// Takes `hop` for the client, as far as it tells. The one before it was a proxy.
    fn take(&self, client: &mut Option<ClientIp>, hop: Hop, is_proxy: bool) {
        let via = if is_proxy { Via::AllTrusted } else { Via::Header };
        match (hop.node, &mut *client) {
            (Ok(ip), Some(client)) => (client.ip, client.via) = (ip, via),
            // The peer has no address.
            (Ok(ip), None) => *client = Some(ClientIp::new(ip, via)),
            (Err(_), Some(client)) => client.via = Via::Stopped,
            (Err(_), None) => {}
        }
        if let Some(client) = client
            && self.forwarding.form == Form::Rfc7239
        {
            client.scheme = hop.scheme;
            client.host = hop.host;
        }
    }
}

/// The client that is at the other end of the connection.
pub(crate) fn at_peer(ip: IpAddr) -> ClientIp {
    let mut client = ClientIp::new(ip, Via::Peer);
    client.peer = Some(client.ip);
    client
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
