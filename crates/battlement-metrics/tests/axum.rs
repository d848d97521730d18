//! Routes of axum, inside its router and around it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use axum::{Router, body::Body, routing::get};
use battlement_metrics::{HttpMetrics, note_route};
use http::Request;
use tower::{Layer, Service, ServiceExt, util::MapRequestLayer};

use self::page::page;

fn router() -> Router {
    let api = Router::new().route("/orders/{id}", get(async || "order"));
    Router::new().route("/users/{id}", get(async || "user")).nest("/api", api)
}

async fn ask<S, B>(service: S)
where
    S: Service<Request<Body>, Response = http::Response<B>> + Clone,
    S::Error: std::fmt::Debug,
{
    for path in ["/users/7", "/api/orders/7", "/.env"] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        drop(service.clone().oneshot(request).await.unwrap());
    }
}

fn assert_routes(metrics: &HttpMetrics) {
    let text = page(metrics).text;
    for route in ["/users/{id}", "/api/orders/{id}"] {
        assert!(text.contains(&format!("http_route=\"{route}\"")), "{route} is missing: {text}");
    }
    assert!(!text.contains(".env") && !text.contains("orders/7"), "{text}");
    assert_eq!((metrics.ended(), metrics.active()), (3, 0));
}

#[tokio::test]
async fn a_layer_of_the_router_knows_its_routes_and_nested_ones() {
    let metrics = HttpMetrics::new();
    ask(router().layer(metrics.server_layer())).await;
    assert_routes(&metrics);
}

#[tokio::test]
async fn a_layer_around_the_router_is_told_by_note_route() {
    let metrics = HttpMetrics::new();
    let router = router().route_layer(MapRequestLayer::new(note_route::<Body>));
    ask(metrics.server_layer().layer(router)).await;
    assert_routes(&metrics);
}

#[tokio::test]
async fn a_layer_around_a_nested_router_and_inside_of_it_counts_once() {
    let metrics = HttpMetrics::new();
    let layer = metrics.server_layer();
    let api = Router::new().route("/orders/{id}", get(async || "order")).layer(layer.clone());
    let nested = Router::new().route("/users/{id}", get(async || "user")).nest("/api", api);
    ask(nested.layer(layer.clone())).await;
    assert_routes(&metrics);

    let metrics = HttpMetrics::new();
    let layer = metrics.server_layer();
    ask(layer.layer(router().layer(layer.clone()))).await;
    // The layer outside of the router does not see the routes: that inside tells it.
    assert_routes(&metrics);
}
