//! The endpoints for operators: metrics and readiness, on a listener of its own that customers cannot reach.

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    routing::{get, get_service},
};
use battlement::{
    client_ip::ClientIpLayer,
    metrics::{Exposition, HttpMetrics},
    shutdown::Phases,
};
use http::Method;
use tokio::runtime::Handle;

use crate::{
    breakers::Breakers, limits::Limits, retries::Retries, sales::Sales, timeouts::Timeouts,
};

/// Creates the metrics of the shop's requests and of its calls to other services.
pub fn metrics() -> HttpMetrics {
    HttpMetrics::builder()
        // Shown as 0 from the start, so that an alert on failed orders sees the first failure.
        .known_route(Method::POST, "/orders")
        // Named in advance: without this, the calls of a method are `_OTHER` until one of them succeeds.
        .grpc_methods("inventory.v1.Inventory", ["Reserve", "Release", "Available"])
        .build()
}

/// Returns the page for Prometheus.
pub fn page(
    metrics: &HttpMetrics,
    client_ip: &ClientIpLayer,
    limits: &Limits,
    timeouts: &Timeouts,
    retries: &Retries,
    breakers: &Breakers,
    sales: &Sales,
) -> Exposition {
    let page = Exposition::new().metrics(metrics).client_ip(client_ip);
    breakers
        .add_to(retries.add_to(timeouts.add_to(limits.add_to(page))))
        .process()
        .runtime(&Handle::current())
        .registry(Arc::new(sales.registry()))
        .build_info([("version", env!("CARGO_PKG_VERSION"))])
}

/// Returns the router that serves the page at `/metrics`, and the readiness of the process at `/readyz`.
pub fn app(page: Exposition, phases: Phases) -> Router {
    let readiness = get(move || ready(phases.is_draining()));
    Router::new().route("/metrics", get_service(page)).route("/readyz", readiness)
}

/// Answers whether balancers may send requests to this process.
async fn ready(is_draining: bool) -> (StatusCode, &'static str) {
    if is_draining {
        (StatusCode::SERVICE_UNAVAILABLE, "shutting down\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}
