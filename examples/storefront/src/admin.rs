//! What operators may ask, on a port of its own that customers cannot reach.

use axum::{Router, routing::get_service};
use battlement::{
    client_ip::ClientIpLayer,
    metrics::{Exposition, HttpMetrics},
};
use http::Method;
use tokio::runtime::Handle;

use crate::limits::Limits;

/// Counts what customers ask of the shop, and what the shop asks of others.
pub fn metrics() -> HttpMetrics {
    HttpMetrics::builder()
        // There from the start: an alert on failed orders must see the first one.
        .known_route(Method::POST, "/orders")
        .grpc_methods("inventory.v1.Inventory", ["Reserve", "Release"])
        .build()
}

/// The page that Prometheus reads, at `/metrics`.
pub fn app(metrics: &HttpMetrics, client_ip: &ClientIpLayer, limits: &Limits) -> Router {
    let page = limits
        .show(Exposition::new().metrics(metrics).client_ip(client_ip))
        .process()
        .runtime(&Handle::current())
        .build_info([("version", env!("CARGO_PKG_VERSION"))]);
    Router::new().route("/metrics", get_service(page))
}
