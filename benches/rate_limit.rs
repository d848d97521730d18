//! The cost of a rate limit for different numbers of keys and of policies.

use std::{
    cell::Cell,
    net::{IpAddr, Ipv4Addr},
};

use battlement_benches::{Bare, Batch, request};
use battlement_core::{ClientIp, RequestFacts, Via};
use battlement_rate_limit::{Headers, Key, Policies, Policy, RateLimitLayer};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::Request;
use http_body_util::Full;
use tokio::time::Instant;
use tower::Layer;

const KEYS: [u32; 3] = [1_000, 100_000, 1_000_000];

/// Returns a policy with a burst so large that it never rejects a request, and that refills so slowly that no
/// key expires during the measurement.
fn policies() -> Policies {
    Policy::per_minute("many", 1).burst(100_000_000).into()
}

/// Returns a function that creates requests of `count` clients in an order that caches cannot predict.
fn client_requests(count: u32) -> impl Fn() -> Request<Full<Bytes>> {
    let next = Cell::new(0_u32);
    move || {
        next.set(next.get().wrapping_add(2_654_435_761));
        let client = (u64::from(next.get()) * u64::from(count)) >> 32;
        let mut request = request();
        let facts = RequestFacts::starting(Instant::now());
        let ip = IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(client).unwrap_or_default()));
        facts.set_client(ClientIp::new(ip, Via::Peer));
        request.extensions_mut().insert(facts);
        request
    }
}

fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rate-limit/keys");
    for count in KEYS {
        let layer = RateLimitLayer::new(policies(), Key::client_ip())
            .capacity(2_000_000)
            .headers(Headers::None);
        let bare = Batch::new(client_requests(count), Bare);
        let layered = Batch::new(client_requests(count), layer.layer(Bare));
        // Every key exists before the measurement starts.
        layered.run(u64::from(count) * 4);
        for (name, batch) in [("bare", bare), ("layer", layered)] {
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter_custom(|n| batch.time(n));
            });
        }
    }
}

/// Measures how a decision grows with the number of policies that apply to a key.
fn policies_per_key(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rate-limit/policies");
    for count in [1, 2, 4, 8] {
        let all = (0..count).map(|n| Policy::per_minute(&format!("p{n}"), 1).burst(100_000_000));
        let layer =
            RateLimitLayer::new(Policies::new(all), Key::client_ip()).headers(Headers::None);
        let layered = Batch::new(client_requests(1_000), layer.layer(Bare));
        layered.run(4_000);
        group.bench_function(BenchmarkId::new("layer", count), |bencher| {
            bencher.iter_custom(|n| layered.time(n));
        });
    }
}

criterion_group!(curves, keys, policies_per_key);
criterion_main!(curves);
