//! Measures a rate limit with one and with two threads, for different overlaps of their keys. Prints a Markdown
//! table.

use std::{
    convert::Infallible,
    hint::black_box,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
};

use battlement_benches::{Bare, request};
use battlement_core::{ClientIp, RequestFacts, Via};
use battlement_peers::threads::Comparison;
use battlement_rate_limit::{
    Handle, Headers, Key, KeyHash, Memory, Policies, Policy, Query, RateLimitLayer,
};
use bytes::Bytes;
use futures_util::FutureExt;
use governor::{Quota, RateLimiter};
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::Instant;
use tower::{Layer, Service};

const DECISIONS: u32 = 400_000;
const REQUESTS: u32 = 60_000;

fn main() {
    println!("| | keys | {} |", Comparison::COLUMNS.join(" | "));
    println!("|---|---|---|---|---|---|");
    decisions("decision, separate stores", [[0, 1], [1, 2]], true);
    decisions("decision", [[0, 1], [1, 2]], false);
    decisions("decision", [[0, 1_000], [1_000, 2_000]], false);
    decisions("decision", [[0, 100_000], [100_000, 200_000]], false);
    decisions("decision", [[0, 1], [0, 1]], false);
    governor_decisions([[0, 1_000], [1_000, 2_000]]);
    requests("request, no layer", [[0, 1_000], [1_000, 2_000]], Bare);
    let layer = || RateLimitLayer::new(policies(), Key::client_ip());
    let bare = || layer().headers(Headers::None).layer(Bare);
    requests("request", [[0, 1], [1, 2]], bare());
    requests("request", [[0, 1_000], [1_000, 2_000]], bare());
    requests("request", [[0, 1], [0, 1]], bare());
    requests("request, both headers", [[0, 1_000], [1_000, 2_000]], layer().layer(Bare));
}

/// Returns a policy with a burst so large that it never rejects a request, and that refills so slowly that no
/// key expires during the measurement.
fn policies() -> Policies {
    Policy::per_minute("many", 1).burst(100_000_000).into()
}

/// Measures decisions of the store alone; `keys` are the half-open key ranges of the two threads.
fn decisions(name: &str, keys: [[u32; 2]; 2], separate_stores: bool) {
    let (_, handle) = RateLimitLayer::new(policies(), Key::client_ip()).pair();
    let stores = [Memory::default(), Memory::default()];
    let hashes = keys.map(|[from, to]| (from..to).map(|n| hash(&handle, n)).collect::<Vec<_>>());
    row(name, keys, DECISIONS, |thread, count| {
        let store = if separate_stores { &stores[thread] } else { &stores[0] };
        let (policies, at) = (policies(), Instant::now());
        for key in hashes[thread].iter().cycle().take(count as usize) {
            black_box(store.acquire(&Query::new(*key, &policies, 1, at)));
        }
    });
}

/// Measures decisions of a keyed governor limiter, which reads its clock for each decision.
fn governor_decisions(keys: [[u32; 2]; 2]) {
    let quota = Quota::per_second(NonZeroU32::MAX);
    let limiter = RateLimiter::keyed(quota);
    row("decision, governor", keys, DECISIONS, |thread, count| {
        let [from, to] = keys[thread];
        for key in (from..to).cycle().take(count as usize) {
            let _ = black_box(limiter.check_key(&address(key)));
        }
    });
}

/// Measures requests, from their creation to the response head.
fn requests<S, B>(name: &str, keys: [[u32; 2]; 2], service: S)
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync,
{
    row(name, keys, REQUESTS, |thread, count| {
        let (mut service, [from, to]) = (service.clone(), keys[thread]);
        for key in (from..to).cycle().take(count as usize) {
            let _ = black_box(service.call(client_request(key)).now_or_never());
        }
    });
}

fn client_request(key: u32) -> Request<Full<Bytes>> {
    let mut request = request();
    let facts = RequestFacts::starting(Instant::now());
    facts.set_client(ClientIp::new(address(key), Via::Peer));
    request.extensions_mut().insert(facts);
    request
}

fn address(key: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(key))
}

fn hash(handle: &Handle, key: u32) -> KeyHash {
    handle.key(&client_request(key)).expect("the request has a client address")
}

/// Measures one thread and two in alternation, and prints a row.
fn row(name: &str, keys: [[u32; 2]; 2], count: u32, run: impl Fn(usize, u32) + Sync) {
    let comparison = Comparison::of(count, run);
    let keys = if keys[0] == keys[1] {
        "the same".to_owned()
    } else {
        format!("{} each", keys[0][1] - keys[0][0])
    };
    println!("| {name} | {keys} | {comparison} |");
}
