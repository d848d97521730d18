//! Asks a layer who the client of a request from a trusted proxy is.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::{Ipv4Addr, SocketAddr},
    task::{Context, Poll},
};

use battlement_client_ip::{ClientIp, ClientIpLayer, Forwarding, PeerAddr, Proxies};
use http::{HeaderName, HeaderValue, Request};
use tower_layer::Layer;
use tower_service::Service;

pub const PEER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

struct Handler;

impl Service<Request<()>> for Handler {
    type Response = ClientIp;
    type Error = Infallible;
    type Future = Ready<Result<ClientIp, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok(ClientIp::of(&request).expect("the peer has an address").clone()))
    }
}

pub fn client(forwarding: Forwarding, header: &HeaderName, lines: &[Vec<u8>]) -> ClientIp {
    let proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().expect("a network"));
    let layer = ClientIpLayer::behind(Proxies::networks(proxies), forwarding);
    let mut request = Request::new(());
    for line in lines {
        let value = HeaderValue::from_bytes(line).expect("made of header values");
        request.headers_mut().append(header, value);
    }
    request.extensions_mut().insert(PeerAddr(SocketAddr::from((PEER, 4711))));
    let client = layer.layer(Handler).call(request).into_inner();
    let client = client.expect("the handler never fails");
    assert_eq!(client.ip.to_canonical(), client.ip);
    assert_eq!(client.key(), client.clone().key());
    client
}

/// Returns the lines of the input that are valid in a header.
#[allow(dead_code, reason = "not every target has lines")]
pub fn lines(input: &[u8]) -> Vec<Vec<u8>> {
    let lines =
        input.split(|byte| *byte == b'\n').filter(|line| HeaderValue::from_bytes(line).is_ok());
    lines.map(<[u8]>::to_vec).collect()
}

/// Returns the lines after a proxy has appended `element` to the last one.
#[allow(dead_code, reason = "not every target has lines")]
pub fn appended(mut lines: Vec<Vec<u8>>, element: &str) -> Vec<Vec<u8>> {
    match lines.last_mut() {
        Some(line) => line.extend_from_slice(format!(", {element}").as_bytes()),
        None => lines.push(element.into()),
    }
    lines
}
