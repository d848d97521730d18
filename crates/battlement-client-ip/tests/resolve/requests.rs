//! Sends requests through a layer and reads the client.

use std::{
    convert::Infallible,
    future::ready,
    net::{IpAddr, SocketAddr},
};

use battlement_client_ip::{ClientIp, ClientIpLayer, Forwarding, PeerAddr, Proxies};
use http::{HeaderName, HeaderValue, Request};
use tower::{Layer, Service, service_fn};

/// Returns the proxies that most tests trust: `10.0.0.0/8` and `fd00::/8`.
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

/// Creates a request from `peer` with these headers, one line each.
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

/// Returns the client that the inner service of `layer` reads from `request`.
pub(crate) fn client(layer: &ClientIpLayer, request: Request<()>) -> Option<ClientIp> {
    let handler = service_fn(|request: Request<()>| {
        ready(Ok::<_, Infallible>(ClientIp::of(&request).cloned()))
    });
    layer.layer(handler).call(request).into_inner().unwrap()
}

/// Returns the client and how it was resolved, as text.
pub(crate) fn resolved<V: AsRef<[u8]>>(
    layer: &ClientIpLayer,
    peer: &str,
    headers: &[(&'static str, V)],
) -> String {
    let client = client(layer, request(peer, headers)).unwrap();
    format!("{} {}", client.ip, client.via.as_str())
}
