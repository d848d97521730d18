//! What can be asked of the shop, and the layers that each request goes through.

mod bugs;
mod orders;
mod page;
mod products;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use battlement::{
    client_ip::ClientIpLayer, metrics::HttpMetrics, problem::ProblemLayer,
    request_id::RequestIdLayer, security_headers::SecurityHeadersLayer,
};
use tower::ServiceBuilder;

use crate::{limits::Limits, partner::Partners, shop::Shop};

/// Some times what the largest order takes. axum would allow 2 MB.
const LARGEST_BODY: usize = 16 * 1024;

pub fn app(
    shop: Shop,
    metrics: &HttpMetrics,
    client_ip: ClientIpLayer,
    limits: Limits,
    partners: Partners,
    bugs: bool,
) -> Router {
    let orders = Router::new()
        .route("/orders", post(orders::place))
        .route("/orders/{id}", get(orders::show));
    let layers = ServiceBuilder::new()
        // Outermost: whatever is answered, by whichever layer below, has an id. A good id that comes in
        // `x-request-id` is kept, any other replaced, and every log line names it.
        .layer(RequestIdLayer::new())
        // Says who the customer is, whatever stands in a header that no proxy of ours has written.
        .layer(client_ip)
        // Counts each request once, when its answer is over, under its route: around all that answers.
        .layer(metrics.server_layer())
        // Around all that answers, so that a 404 and a 413 have them too. Scripts run by nonce alone.
        .layer(SecurityHeadersLayer::html())
        // Whatever fails inside of here is answered as a problem, in the form the caller can read: axum's
        // own 404, 405 and 413, what handlers refuse, and panics.
        .layer(ProblemLayer::new())
        .layer(DefaultBodyLimit::max(LARGEST_BODY));
    Router::new()
        .route("/", get(page::html))
        .route("/shop.css", get(page::css))
        .route("/shop.js", get(page::js))
        .route("/products", get(products::list))
        .route("/products/{id}", get(products::show))
        .merge(limits.around(orders, partners))
        .merge(if bugs { bugs::router() } else { Router::new() })
        // In one call: each call of `Router::layer` boxes service, future and body of every request again.
        .layer(layers)
        .with_state(Arc::new(shop))
}
