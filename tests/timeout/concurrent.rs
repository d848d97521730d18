//! Many requests at once, of which half expire.

use axum::{Router, routing::get};
use battlement::{metrics::HttpMetrics, timeout::DeadlineLayer};
use battlement_testkit::{
    client::{Http1, Http2},
    server::Server,
};
use futures_util::future::join_all;
use tower::ServiceBuilder;

use crate::page::{hang, ms, of_type, recorded, settled};

async fn server(metrics: &HttpMetrics) -> Server {
    let layers = ServiceBuilder::new()
        .layer(metrics.server_layer())
        .layer(DeadlineLayer::new().default_limit(ms(400)));
    let router = Router::new().route("/hang", get(hang)).route("/", get(async || "ordered"));
    Server::axum(router.layer(layers)).await.unwrap()
}

/// Asserts that half of a hundred requests have expired, and that none is in flight.
async fn half_have_expired(metrics: &HttpMetrics, statuses: Vec<u16>) {
    assert_eq!(statuses.iter().filter(|status| **status == 504).count(), 50);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 50);
    settled(metrics, 100).await;
    assert_eq!(of_type(metrics, "timeout"), 50, "{:?}", recorded(metrics));
}

const fn path(nth: u32) -> &'static str {
    if nth.is_multiple_of(2) { "/hang" } else { "/" }
}

#[tokio::test]
async fn none_of_a_hundred_concurrent_requests_stays_in_flight_if_half_expire_over_http1() {
    let metrics = HttpMetrics::new();
    let server = server(&metrics).await;
    let addr = server.addr();
    let calls = (0..100).map(|nth| async move {
        let mut client = Http1::connect(addr).await.unwrap();
        client.get(path(nth)).await.unwrap().status.as_u16()
    });
    half_have_expired(&metrics, join_all(calls).await).await;
}

#[tokio::test]
async fn none_of_a_hundred_concurrent_requests_stays_in_flight_if_half_expire_over_http2() {
    let metrics = HttpMetrics::new();
    let server = server(&metrics).await;
    let client = Http2::connect(server.addr()).await.unwrap();
    let calls = (0..100).map(|nth| {
        let mut client = client.clone();
        async move { client.get(path(nth)).await.unwrap().status.as_u16() }
    });
    half_have_expired(&metrics, join_all(calls).await).await;
}
