//! What a limit costs, by how many keys there are and by how many threads ask at once.

use std::{
    cell::Cell,
    net::{IpAddr, Ipv4Addr},
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use battlement_benches::{Bare, Batch, request};
use battlement_core::{ClientIp, RequestFacts, Via};
use battlement_rate_limit::{
    Ask, Headers, Key, KeyHash, Memory, Moment, Policies, Policy, RateLimitLayer,
};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use http::Request;
use http_body_util::Full;
use tower::Layer;

const KEYS: [u32; 3] = [1_000, 100_000, 1_000_000];

/// So much that nobody is turned away, in a time in which no key is forgotten.
fn policies() -> Policies {
    Policy::per_day("many", 4_000_000_000).into()
}

/// Requests of so many clients in turn, in an order that no cache foresees.
fn of_clients(count: u32) -> impl Fn() -> Request<Full<Bytes>> {
    let next = Cell::new(0_u32);
    move || {
        next.set(next.get().wrapping_add(2_654_435_761));
        let client = (u64::from(next.get()) * u64::from(count)) >> 32;
        let mut request = request();
        let facts = RequestFacts::starting(Moment::now());
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
        let bare = Batch::new(of_clients(count), Bare);
        let layered = Batch::new(of_clients(count), layer.layer(Bare));
        // All of them are there before it is measured.
        layered.run(u64::from(count) * 4);
        for (name, batch) in [("bare", bare), ("layer", layered)] {
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter_custom(|n| batch.time(n));
            });
        }
    }
}

/// Keys that no two threads share, few of them or many, and one that both do. Many keys lie in all parts of the
/// store, of which each then goes from core to core.
fn threads(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("rate-limit/threads");
    group.throughput(Throughput::Elements(1));
    for (name, threads, keys) in [
        ("one, a key", 1, 1),
        ("two, a key each", 2, 2),
        ("two, the same key", 2, 1),
        ("one, 1000 keys", 1, 1_000),
        ("two, 1000 keys each", 2, 2_000),
    ] {
        let store = Memory::default();
        let keys = hashes(keys);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|n| together(&store, &keys, threads, n));
        });
    }
}

fn hashes(count: usize) -> Vec<KeyHash> {
    let by_path = Key::by(|inbound| Some(inbound.uri.path().to_owned()));
    let (_, handle) = RateLimitLayer::new(policies(), by_path).pair();
    let hash = |n| Request::get(format!("/{n}")).body(()).map(|request| handle.key(&request));
    (0..count).filter_map(|n| hash(n).ok()?).collect()
}

/// How long it takes until each thread has decided so many requests, each by its share of the keys.
#[expect(clippy::disallowed_methods, reason = "a measurement is of real time")]
fn together(store: &Memory, keys: &[KeyHash], threads: usize, decisions: u64) -> Duration {
    let policies = policies();
    let start = Barrier::new(threads + 1);
    let shares = keys.chunks(keys.len().div_ceil(threads)).cycle();
    let began = thread::scope(|scope| {
        for share in shares.take(threads) {
            let (start, policies) = (&start, &policies);
            scope.spawn(move || {
                let at = Moment::now();
                start.wait();
                for key in (0..decisions).zip(share.iter().cycle()).map(|(_, key)| *key) {
                    let _ = store.take(&Ask::new(key, policies, 1, at));
                }
            });
        }
        start.wait();
        Instant::now()
    });
    began.elapsed()
}

criterion_group!(curves, keys, threads);
criterion_main!(curves);
