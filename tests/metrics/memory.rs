//! Memory under a client that requests everything. The test has its own process, since it measures the process.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;

use battlement::metrics::{Exposition, Format, HttpMetrics, RouteTemplate};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use tower::{Layer, ServiceExt, service_fn};

const STORM: u64 = 100_000;

/// Responds like the worst possible router, which uses the path as the template.
async fn answer(request: Request<Empty<Bytes>>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let mut response = Response::new(Empty::new());
    let route = RouteTemplate(request.uri().path().to_owned().into());
    response.extensions_mut().insert(route);
    Ok(response)
}

/// Returns the resident memory in kilobytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_hundred_thousand_paths_methods_and_hosts_stay_within_the_limits() {
    let metrics = HttpMetrics::builder().max_routes(64).max_series(500).build();
    let service = metrics.server_layer().layer(service_fn(answer));
    let mut after_first = 0;
    for n in 0..STORM {
        let method = Method::from_bytes(format!("M{}", n % 977).as_bytes()).unwrap();
        let uri = format!("http://host-{n}.example/{n}/wp-admin");
        let request = Request::builder().method(method).uri(uri).body(Empty::new()).unwrap();
        service.clone().oneshot(request).await.unwrap().collect().await.unwrap();
        if n == STORM / 10 {
            after_first = resident();
        }
    }
    let grown = resident().saturating_sub(after_first);
    assert!(grown < 4_096, "{grown} kB more after ninety thousand requests");
    assert_eq!((metrics.ended(), metrics.active()), (STORM, 0));
    let page = Exposition::new().metrics(&metrics).render(Format::Text);
    let series = page.lines().filter(|line| line.contains("_duration_seconds_count")).count();
    assert!(series <= 65 + 1, "{series} series");
    assert!(!page.contains("host-") && !page.contains("M976"));
    let overflow =
        "battlement_metrics_overflow_total{metric=\"http_server_request_duration_seconds\"} ";
    let told = page.lines().find_map(|line| line.strip_prefix(overflow)).unwrap();
    assert!(told.parse::<u64>().unwrap() >= 99_000, "{told}");
}
