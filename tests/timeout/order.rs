//! A 504 from the place of the deadline in the documented order of the stack.

use axum::{Router, routing::get};
use battlement::{
    client_ip::ClientIpLayer,
    metrics::HttpMetrics,
    problem::ProblemLayer,
    request_id::RequestIdLayer,
    security_headers::SecurityHeadersLayer,
    timeout::{DeadlineLayer, TimeoutLayer},
};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    server::Server,
};
use bytes::Bytes;
use http::{HeaderName, Request, header};
use http_body_util::Empty;
use tower::ServiceBuilder;
use tower_http::cors::CorsLayer;

use crate::page::{assert_one_timeout, hang, ms, settled};

const ORIGIN: &str = "https://shop.example";

fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin([ORIGIN.parse().unwrap()])
        .expose_headers([HeaderName::from_static("x-request-id")])
}

/// Serves a handler that hangs, with a layer in the place of the deadline.
macro_rules! server {
    ($metrics:expr, $limit:expr) => {{
        let layers = ServiceBuilder::new()
            .layer(RequestIdLayer::new())
            .layer(ClientIpLayer::new())
            .layer($metrics.server_layer())
            .layer(SecurityHeadersLayer::api())
            .layer(cors())
            .layer(ProblemLayer::new())
            .layer($limit);
        Server::axum(Router::new().route("/hang", get(hang)).layer(layers)).await.unwrap()
    }};
}

fn from_browser() -> Request<Empty<Bytes>> {
    Request::get("/hang").header(header::ORIGIN, ORIGIN).body(Empty::new()).unwrap()
}

#[track_caller]
fn check(response: &Collected) {
    assert_eq!(response.status, 504, "{}", response.text());
    let id = response.header("x-request-id").expect("a request id");
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
    let policy = response.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(response.header("access-control-allow-origin"), Some(ORIGIN));
    assert_eq!(response.header("access-control-expose-headers"), Some("x-request-id"));
    assert_eq!(response.header("content-type"), Some("application/problem+json"));
    let body = response.text();
    assert!(body.contains(r#""code":"timeout""#) && body.contains(id), "{body}");
}

async fn check_over_both(metrics: [HttpMetrics; 2], servers: [Server; 2]) {
    let mut http1 = Http1::connect(servers[0].addr()).await.unwrap();
    check(&Collected::of(http1.send(from_browser()).await.unwrap()).await.unwrap());
    let mut http2 = Http2::connect(servers[1].addr()).await.unwrap();
    check(&Collected::of(http2.send(from_browser()).await.unwrap()).await.unwrap());
    for metrics in &metrics {
        settled(metrics, 1).await;
        assert_one_timeout(metrics, "504");
    }
}

#[tokio::test]
async fn a_504_of_the_deadline_keeps_id_security_and_cors_headers_and_is_counted_once() {
    let metrics = [HttpMetrics::new(), HttpMetrics::new()];
    let deadline = DeadlineLayer::new().default_limit(ms(50));
    let servers = [server!(metrics[0], deadline.clone()), server!(metrics[1], deadline)];
    check_over_both(metrics, servers).await;
}

#[tokio::test]
async fn a_504_of_a_timeout_keeps_id_security_and_cors_headers_and_is_counted_once() {
    let metrics = [HttpMetrics::new(), HttpMetrics::new()];
    let timeout = TimeoutLayer::new(ms(50));
    let servers = [server!(metrics[0], timeout.clone()), server!(metrics[1], timeout)];
    check_over_both(metrics, servers).await;
}
