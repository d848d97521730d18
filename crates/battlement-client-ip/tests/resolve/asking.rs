//! Asks a layer who the client of a request is.

use std::{
    convert::Infallible,
    future::ready,
    net::{IpAddr, SocketAddr},
};

use battlement_client_ip::{ClientIp, ClientIpLayer, Forwarding, PeerAddr, Proxies};
use http::{HeaderName, HeaderValue, Request};
use tower::{Layer, Service, service_fn};

/// What is trusted in most tests: `10.0.0.0/8` and `fd00::/8`.
pub(crate) fn proxies() -> Proxies {
    Proxies::networks(["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()))
}

pub(crate) fn behind(forwarding: Forwarding) -> ClientIpLayer {
    ClientIpLayer::behind(proxies(), forwarding)
}

pub(crate) fn x_forwarded_for() -> ClientIpLayer {
    behind(Forwarding::x_forwarded_for())
}

pub(crate) fn forwarded() -> ClientIpLayer {
    behind(Forwarding::forwarded())
}

pub(crate) fn single() -> ClientIpLayer {
    behind(Forwarding::single(HeaderName::from_static("cf-connecting-ip")))
}

/// A request from `peer` with these headers, each line of its own.
pub(crate) fn request<V: AsRef<[u8]>>(peer: &str, headers: &[(&'static str, V)]) -> Request<()> {
    let mut request = Request::new(());
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        request.headers_mut().append(*name, value);
    }
    let peer: IpAddr = peer.parse().unwrap();
    request.extensions_mut().insert(PeerAddr(SocketAddr::new(peer, 4711)));
    request
}

/// What the service inside `layer` finds in the facts of `request`.
pub(crate) fn client(layer: &ClientIpLayer, request: Request<()>) -> Option<ClientIp> {
    let handler = service_fn(|request: Request<()>| {
        ready(Ok::<_, Infallible>(ClientIp::of(&request).cloned()))
    });
    layer.layer(handler).call(request).into_inner().unwrap()
}

/// The client, and how it is known, in words.
pub(crate) fn found<V: AsRef<[u8]>>(
    layer: &ClientIpLayer,
    peer: &str,
    headers: &[(&'static str, V)],
) -> String {
    let client = client(layer, request(peer, headers)).unwrap();
    format!("{} {}", client.ip, client.via.as_str())
}
