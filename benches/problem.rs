//! The cost of problems: of a response that is not one, and of one for different numbers of invalid fields.

use std::convert::Infallible;

use battlement_benches::{Bare, Batch, request};
use battlement_problem::{FieldError, Problem, ProblemLayer};
use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower::{Layer, service_fn};

fn passed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("problem/passed");
    let bare = Batch::new(request, Bare);
    let layered = Batch::new(request, ProblemLayer::new().layer(Bare));
    group.bench_function("bare", |bencher| bencher.iter_custom(|n| bare.time(n)));
    group.bench_function("layer", |bencher| bencher.iter_custom(|n| layered.time(n)));
}

/// Measures the response to a request with `count` invalid fields.
fn fields(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("problem/fields");
    for count in [0, 1, 10, 100] {
        let service = service_fn(move |_: Request<Full<Bytes>>| async move {
            let field = |n| FieldError::new(format!("/items/{n}/quantity"), "expected 1 to 100");
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_order");
            let response: Response<Full<Bytes>> = problem.fields((0..count).map(field)).response();
            Ok::<_, Infallible>(response)
        });
        let layered = Batch::new(request, ProblemLayer::new().layer(service));
        group.bench_function(BenchmarkId::new("layer", count), |bencher| {
            bencher.iter_custom(|n| layered.time(n));
        });
    }
}

criterion_group!(curves, passed, fields);
criterion_main!(curves);
