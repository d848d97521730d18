//! The cost of metrics for different numbers of routes and of series, and the time of a scrape.

use std::{cell::Cell, hint::black_box};

use battlement_benches::{Bare, Batch, request};
use battlement_core::RequestFacts;
use battlement_metrics::{Exposition, Format, HttpMetrics, Label};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::{Request, Version};
use http_body_util::Full;
use tower::Layer;

/// Returns a function that creates requests of `count` routes, one after the other.
fn routed(count: usize) -> impl Fn() -> Request<Full<Bytes>> {
    let routes: Vec<String> = (0..count).map(|n| format!("/shop/{n}/{{id}}")).collect();
    let next = Cell::new(0);
    move || {
        next.set((next.get() + 1) % count);
        let mut request = request();
        RequestFacts::of_or_start(&mut request).set_route(routes[next.get()].clone());
        request
    }
}

fn metrics(routes: usize) -> HttpMetrics {
    HttpMetrics::builder().max_routes(routes.max(256)).max_series(4 * routes.max(256)).build()
}

fn routes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/routes");
    for count in [1, 100, 10_000] {
        let bare = Batch::new(routed(count), Bare);
        let layered = Batch::new(routed(count), metrics(count).server_layer().layer(Bare));
        // Every series exists before the measurement starts.
        layered.run(u64::try_from(count).unwrap_or(u64::MAX));
        for (name, batch) in [("bare", bare), ("layer", layered)] {
            group.bench_function(BenchmarkId::new(name, count), |bencher| {
                bencher.iter_custom(|n| batch.time(n));
            });
        }
    }
}

/// Measures a request of one series while other series exist.
fn series(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/series");
    for count in [1, 100, 10_000] {
        let metrics = metrics(count);
        let layer = metrics.server_layer();
        Batch::new(routed(count), layer.layer(Bare)).run(u64::try_from(count).unwrap_or(u64::MAX));
        let layered = Batch::new(routed(1), layer.layer(Bare));
        group.bench_function(BenchmarkId::new("layer", count), |bencher| {
            bencher.iter_custom(|n| layered.time(n));
        });
    }
}

/// Measures what an optional label adds to a request.
fn labels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/labels");
    for (name, labels) in [("none", vec![]), ("version", vec![Label::ProtocolVersion])] {
        let metrics = HttpMetrics::builder().labels(labels).build();
        let requests = || {
            let mut request = routed(1)();
            *request.version_mut() = Version::HTTP_2;
            request
        };
        let layered = Batch::new(requests, metrics.server_layer().layer(Bare));
        group.bench_function(name, |bencher| bencher.iter_custom(|n| layered.time(n)));
    }
}

fn scrape(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("metrics/scrape");
    for count in [10, 100, 1_000, 10_000] {
        let metrics = metrics(count);
        Batch::new(routed(count), metrics.server_layer().layer(Bare))
            .run(u64::try_from(count).unwrap_or(u64::MAX));
        let page = Exposition::new().metrics(&metrics);
        group.bench_function(BenchmarkId::new("series", count), |bencher| {
            bencher.iter(|| black_box(page.render(Format::OpenMetrics)));
        });
    }
}

criterion_group!(curves, routes, series, labels, scrape);
criterion_main!(curves);
