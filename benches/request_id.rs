//! The cost of creating and accepting request ids.

use std::io;

use battlement_benches::{Bare, Batch, request, request_with};
use battlement_request_id::RequestIdLayer;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::HeaderName;
use tower::Layer;
use tracing::subscriber;

const ID: HeaderName = HeaderName::from_static("x-request-id");
/// The length of the shortest accepted id, of a UUID and of the longest accepted id.
const LENGTHS: [usize; 3] = [8, 36, 128];

fn make(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("request-id/make");
    let bare = Batch::new(request, Bare);
    let layered = Batch::new(request, RequestIdLayer::new().layer(Bare));
    group.bench_function("bare", |bencher| bencher.iter_custom(|n| bare.time(n)));
    group.bench_function("layer", |bencher| bencher.iter_custom(|n| layered.time(n)));
}

/// Measures how the check of an inbound id grows with its length.
fn accept(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("request-id/accept");
    for length in LENGTHS {
        let id: &'static str = "a".repeat(length).leak();
        let with_id = move || request_with(&[(ID, id)]);
        let bare = Batch::new(with_id, Bare);
        let layered = Batch::new(with_id, RequestIdLayer::new().layer(Bare));
        for (name, batch) in [("bare", bare), ("layer", layered)] {
            group.bench_function(BenchmarkId::new(name, length), |bencher| {
                bencher.iter_custom(|n| batch.time(n));
            });
        }
    }
}

/// Measures a request with a subscriber that formats the span fields; without a subscriber, a span is almost free.
fn with_span_subscriber(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("request-id/with-span-subscriber");
    let batch = Batch::new(request, RequestIdLayer::new().layer(Bare));
    let formatted = tracing_subscriber::fmt().with_writer(io::sink).finish();
    subscriber::with_default(formatted, || {
        group.bench_function("fmt", |bencher| bencher.iter_custom(|n| batch.time(n)));
    });
}

criterion_group!(curves, make, accept, with_span_subscriber);
criterion_main!(curves);
