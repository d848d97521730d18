//! The cost of resolving the client's address for different numbers of proxies and of trusted networks.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use battlement_benches::{Bare, Batch, request_with};
use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies};
use battlement_core::{PeerAddr, RequestFacts};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::{HeaderName, Request};
use http_body_util::Full;
use tower::Layer;

const XFF: HeaderName = HeaderName::from_static("x-forwarded-for");
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));

/// Returns a function that creates requests of a client behind `proxies` trusted proxies.
fn behind(proxies: usize) -> impl Fn() -> Request<Full<Bytes>> + Copy {
    let chain = format!("203.0.113.195{}", ", 10.2.0.1".repeat(proxies - 1));
    let chain: &'static str = chain.leak();
    move || {
        let mut request = request_with(&[(XFF, chain)]);
        let facts = RequestFacts::starting(tokio::time::Instant::now());
        request.extensions_mut().insert(facts);
        request.extensions_mut().insert(PeerAddr(SocketAddr::new(PEER, 4711)));
        request
    }
}

/// Returns a layer that trusts `count` networks, the one of the peer last.
fn trusting(count: usize) -> ClientIpLayer {
    let others = (1..count).map(|n| format!("192.0.2.{n}/32"));
    let networks = others.chain(["10.0.0.0/8".to_owned()]);
    let networks = networks.map(|network| network.parse().expect("the network is valid"));
    ClientIpLayer::behind(Proxies::networks(networks), Forwarding::x_forwarded_for())
}

fn proxies(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("client-ip/proxies");
    for count in [1, 4, 16] {
        let bare = Batch::new(behind(count), Bare);
        let layered = Batch::new(behind(count), trusting(4).layer(Bare));
        for (name, batch) in [("bare", bare), ("layer", layered)] {
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter_custom(|n| batch.time(n));
            });
        }
    }
}

fn networks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("client-ip/networks");
    for count in [1, 16, 128] {
        let layered = Batch::new(behind(1), trusting(count).layer(Bare));
        group.bench_function(BenchmarkId::new("layer", count), |bencher| {
            bencher.iter_custom(|n| layered.time(n));
        });
    }
}

criterion_group!(curves, proxies, networks);
criterion_main!(curves);
