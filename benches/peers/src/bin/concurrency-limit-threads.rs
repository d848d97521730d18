//! Measures the concurrency limits with one and with two threads. Prints a Markdown table, and fails if a call of ours
//! takes more than three times the CPU time with a second thread.

use std::{
    hint::black_box,
    process::ExitCode,
    task::{Context, Waker},
};

use battlement_benches::{Bare, request};
use battlement_concurrency_limit::ConcurrencyLimitLayer;
use battlement_peers::threads::Comparison;
use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, limit::ConcurrencyLimitLayer as TowerLayer, load_shed::LoadShedLayer};
use tower_resilience_adaptive::{AdaptiveLimiterLayer, Gradient2};
use tower_resilience_bulkhead::BulkheadLayer;

const LIMIT: usize = 256;
const CALLS: u32 = 60_000;
/// The most times the CPU time of one thread.
const MOST: f64 = 3.0;

fn main() -> ExitCode {
    println!("| | {} |\n|---|---|---|---|---|", Comparison::COLUMNS.join(" | "));
    row("no layer", Bare);
    let classes = [("critical", 0.2), ("default", 0.0), ("batch", 0.0)];
    let fixed = || ConcurrencyLimitLayer::fixed(LIMIT);
    let adaptive = ConcurrencyLimitLayer::adaptive;
    let ours = [
        row("ours: fixed", fixed().layer(Bare)),
        row("ours: adaptive", adaptive().layer(Bare)),
        row("ours: adaptive, with classes", adaptive().classes(classes).layer(Bare)),
    ];
    let tower = LoadShedLayer::new().layer(TowerLayer::new(LIMIT).layer(Bare));
    row("tower: concurrency limit, load shed", tower);
    let layer = BulkheadLayer::builder().max_concurrent_calls(LIMIT).build();
    row("tower-resilience: bulkhead", layer.expect("the settings are valid").layer(Bare));
    let algorithm = Gradient2::builder().build().expect("the defaults are valid");
    row("tower-resilience: adaptive, Gradient2", AdaptiveLimiterLayer::new(algorithm).layer(Bare));
    let is_within = ours.iter().all(|ratio| *ratio <= MOST);
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Measures calls of one service from its readiness to the end of the response, prints a row, and returns the ratio.
fn row<S, B>(name: &str, service: S) -> f64
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync,
{
    let comparison = Comparison::of(CALLS, |_, count| {
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..count {
            let mut service = service.clone();
            let is_ready = service.poll_ready(&mut cx).is_ready();
            assert!(is_ready, "the service is not ready");
            let _ = black_box(service.call(request()).now_or_never());
        }
    });
    println!("| {name} | {comparison} |");
    comparison.ratio()
}
