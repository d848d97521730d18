//! Beside, and inside, a registry of prometheus-client.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::sync::Arc;

use battlement_metrics::{Exposition, HttpMetrics};
use battlement_testkit::{
    probe::{Probe, ProbeBody},
    prometheus::OpenMetrics,
};
use http::Request;
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};
use tower::{Layer, ServiceExt};

use self::page::accepted;

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
    let [text, open] = accepted(&page);
    assert!(open.contains("# TYPE jobs counter\njobs_total 3\n"), "{open}");
    assert_eq!(open.matches("# EOF").count(), 1);
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

#[tokio::test]
async fn hostile_names_in_a_registry_do_not_break_the_page() {
    let odd = Family::<Vec<(String, String)>, Counter>::default();
    for value in ["a\"b\\c\nd 1\n", "\0", "}", "# EOF"] {
        odd.get_or_create(&vec![("q".to_owned(), value.to_owned())]).inc();
    }
    let mut registry = Registry::default();
    registry.register("odd", "Odd \"help\" of C:\\new", odd);
    registry.register("jobs_total", "Jobs", Counter::<u64>::default());
    registry.register("http_server_active_requests", "Taken", Counter::<u64>::default());
    registry.register("not a name", "No name", Counter::<u64>::default());
    let page = Exposition::new().metrics(&served().await).registry(Arc::new(registry));
    for page in accepted(&page) {
        assert!(page.contains("odd_total{q=\"a\\\"b\\\\c\\nd 1\\n\"} 1\n"), "{page}");
        assert!(page.contains("jobs_total_total 0\n"), "{page}");
        assert!(page.contains("battlement_metrics_clashes 1\n"), "{page}");
        assert!(!page.contains("not a name"), "{page}");
    }
}

#[tokio::test]
async fn hostile_labels_of_ours_do_not_break_a_registry() {
    let metrics = HttpMetrics::new();
    let layer = metrics.client_layer("a\"b\\c\nd");
    let request = Request::new(ProbeBody::empty());
    drop(layer.layer(Probe::new()).oneshot(request).await.unwrap());
    let mut registry = Registry::default();
    registry.register_collector(Box::new(metrics.collector()));
    let mut page = String::new();
    encode(&mut page, &registry).unwrap();
    let read = OpenMetrics::read(&[&page]);
    assert!(read[0].is_ok(), "{read:?}");
}
