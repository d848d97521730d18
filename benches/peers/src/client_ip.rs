use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    task::{Context, Poll},
};

use battlement_benches::{Bare, Case, request, request_with};
use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies};
use battlement_core::{PeerAddr, RequestFacts};
use bytes::Bytes;
use client_ip::rightmost_x_forwarded_for;
use http::{HeaderName, Request, header::FORWARDED};
use http_body_util::Full;
use real::RealIpLayer;
use tower::{Layer, Service};

const XFF: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

type Make = fn() -> Request<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let direct: Make = || from_proxy(request());
    let one: Make = || from_proxy(request_with(&[(XFF, "203.0.113.195")]));
    let of_ipv6: Make =
        || from_proxy(request_with(&[(XFF, "2001:db8:85a3:8d3:1319:8a2e:370:7348")]));
    let three: Make =
        || from_proxy(request_with(&[(XFF, "6.6.6.6, 203.0.113.195, 10.2.0.1, 10.3.0.1")]));
    let described: Make = || {
        from_proxy(request_with(&[
            (XFF, "203.0.113.195"),
            (PROTO, "https"),
            (HOST, "shop.example"),
        ]))
    };
    let forwarded: Make = || {
        from_proxy(request_with(&[(FORWARDED, "for=203.0.113.195;proto=https;host=shop.example")]))
    };
    let list = Forwarding::x_forwarded_for;
    vec![
        ours("ours: no proxy", direct, ClientIpLayer::new()),
        ours("ours: one proxy", one, behind(list())).at_most(900, 0),
        ours("ours: one proxy, IPv6", of_ipv6, behind(list())),
        ours("ours: three proxies", three, behind(list())),
        ours(
            "ours: one proxy, scheme and host",
            described,
            behind(list().scheme(PROTO).host(HOST)),
        ),
        ours("ours: one proxy, forwarded", forwarded, behind(Forwarding::forwarded())),
        Case::new("client-ip: x-forwarded-for, one proxy", one, Bare, Extract(Bare)),
        Case::new("real: one proxy", one, Bare, RealIpLayer::default().layer(Bare)),
    ]
}

/// Adds facts, and the address of a peer that is a proxy.
fn from_proxy(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let facts = RequestFacts::starting(tokio::time::Instant::now());
    request.extensions_mut().insert(facts);
    request.extensions_mut().insert(PeerAddr(SocketAddr::new(PEER, 4711)));
    request
}

fn behind(forwarding: Forwarding) -> ClientIpLayer {
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
    let private = private.map(|network| network.parse().expect("the network is valid"));
    ClientIpLayer::behind(Proxies::networks(private), forwarding)
}

fn ours(name: &'static str, request: Make, layer: ClientIpLayer) -> Case {
    Case::new(name, request, Bare, layer.layer(Bare))
}

/// Does the work of an axum-client-ip extractor, as a service.
#[derive(Clone)]
struct Extract(Bare);

impl Service<Request<Full<Bytes>>> for Extract {
    type Response = <Bare as Service<Request<Full<Bytes>>>>::Response;
    type Error = Infallible;
    type Future = <Bare as Service<Request<Full<Bytes>>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        if let Ok(ip) = rightmost_x_forwarded_for(request.headers()) {
            request.extensions_mut().insert(ip);
        }
        self.0.call(request)
    }
}
