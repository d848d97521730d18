//! Beside, and inside, a registry of prometheus-client.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use battlement_metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::probe::{Probe, ProbeBody};
use http::Request;
use prometheus_client::{encoding::text::encode, metrics::counter::Counter, registry::Registry};
use tower::{Layer, ServiceExt};

async fn served() -> HttpMetrics {
    let metrics = HttpMetrics::new();
    let request = Request::new(ProbeBody::empty());
    drop(metrics.server_layer().layer(Probe::new()).oneshot(request).await.unwrap());
    metrics
}

#[tokio::test]
async fn a_registry_stands_on_the_same_page_in_both_formats() {
    let jobs = Counter::<u64>::default();
    let mut registry = Registry::default();
    registry.register("jobs", "Jobs done", jobs.clone());
    jobs.inc_by(3);
    let page = Exposition::new().metrics(&served().await).registry(Arc::new(registry));
    let open = page.render(Format::OpenMetrics);
    assert!(open.contains("# TYPE jobs counter\njobs_total 3\n"), "{open}");
    assert_eq!(open.matches("# EOF").count(), 1);
    let text = page.render(Format::Text);
    assert!(text.contains("# TYPE jobs_total counter\njobs_total 3\n"), "{text}");
}

#[tokio::test]
async fn ours_stand_in_a_registry() {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(served().await.collector()));
    let mut page = String::new();
    encode(&mut page, &registry).unwrap();
    assert!(page.contains("# TYPE http_server_request_duration_seconds histogram\n"), "{page}");
    assert!(page.contains("le=\"+Inf\",http_request_method=\"GET\""), "{page}");
    assert!(page.contains("http_server_active_requests{"), "{page}");
}
