//! The cost of security headers for different numbers of headers.

use battlement_benches::{Bare, Batch, request};
use battlement_security_headers::{Header, SecurityHeadersLayer};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tower::Layer;

/// Headers of Helmet, in the order in which the curve removes them.
const HEADERS: [Header; 12] = [
    Header::Csp,
    Header::Coop,
    Header::Corp,
    Header::OriginAgentCluster,
    Header::ReferrerPolicy,
    Header::Hsts,
    Header::ContentTypeOptions,
    Header::DnsPrefetchControl,
    Header::DownloadOptions,
    Header::FrameOptions,
    Header::PermittedCrossDomainPolicies,
    Header::XssProtection,
];

fn headers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("security-headers/headers");
    let bare = Batch::new(request, Bare);
    group.bench_function(BenchmarkId::new("bare", 0), |bencher| {
        bencher.iter_custom(|n| bare.time(n));
    });
    for count in [1, 4, 8, 12] {
        let removed = HEADERS[..HEADERS.len() - count].iter();
        let layer =
            removed.fold(SecurityHeadersLayer::helmet(), |layer, header| layer.without(*header));
        let layered = Batch::new(request, layer.layer(Bare));
        group.bench_function(BenchmarkId::new("layer", count), |bencher| {
            bencher.iter_custom(|n| layered.time(n));
        });
    }
}

criterion_group!(curves, headers);
criterion_main!(curves);
