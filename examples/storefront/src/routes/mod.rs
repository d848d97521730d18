//! The routes of the shop, and the layers around all of them.

mod bugs;
mod orders;
mod page;
mod products;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::header::USER_AGENT,
    routing::{get, post},
};
use battlement::{
    access_log::AccessLogLayer, client_ip::ClientIpLayer, metrics::HttpMetrics,
    problem::ProblemLayer, request_id::RequestIdLayer, security_headers::SecurityHeadersLayer,
    shutdown::DrainLayer,
};
use tower::ServiceBuilder;

use crate::{
    breakers::Breakers, concurrency::RequestLimit, limits::Limits, partner::Partners, shop::Shop,
    timeouts::Timeouts,
};

/// Several times the size of the largest order. The default of axum is 2 MB.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// The layers of routes that have settings or state.
pub struct Layers<'a> {
    pub client_ip: ClientIpLayer,
    pub metrics: &'a HttpMetrics,
    pub drain: DrainLayer,
    pub timeouts: &'a Timeouts,
    pub breakers: &'a Breakers,
    /// Inside of all others, around each route.
    pub concurrency: RequestLimit,
}

pub fn app(
    shop: Shop,
    layers: Layers<'_>,
    limits: Limits,
    partners: Partners,
    bugs: bool,
) -> Router {
    let orders = Router::new()
        .route("/orders", post(orders::place))
        .route("/orders/{id}", get(orders::show));
    let Layers { client_ip, metrics, drain, timeouts, breakers, concurrency } = layers;
    // Sheds load, products and pages before orders. Around the routes alone, so that an unknown path and a request that
    // another layer rejects take no permit.
    let browsing = Router::new()
        .route("/", get(page::html))
        .route("/shop.css", get(page::css))
        .route("/shop.js", get(page::js))
        .merge(products::router(breakers.counts("inventory")))
        .merge(if bugs { bugs::router() } else { Router::new() })
        .route_layer(concurrency.clone());
    let layers = ServiceBuilder::new()
        // Outermost, so that every response has an id, also one that a layer below creates. A valid id in
        // `x-request-id` is kept, any other is replaced, and every log line contains it.
        .layer(RequestIdLayer::new())
        // Resolves the client's address. Headers count only if a trusted proxy has written them.
        .layer(client_ip)
        // Logs each request once, when it is over, with its ids and the customer's address. Probes do not pass here: they
        // have a listener of their own.
        .layer(AccessLogLayer::new().headers([USER_AGENT]))
        // Counts each request once, under its route, when its response is over. Outside every layer that responds.
        .layer(metrics.server_layer())
        // Outside every layer that responds, so that a 404 and a 413 have the headers too. Only scripts with the nonce
        // run.
        .layer(SecurityHeadersLayer::html())
        // Counts requests in flight, and asks clients to close their connections once the process is to stop. Outside the
        // problems, so that their responses are counted and asked as well.
        .layer(drain)
        // Turns failures into problems in a format that the client accepts: axum's own 404, 405 and 413, errors of
        // handlers, and panics.
        .layer(ProblemLayer::new())
        // Ends a request at its deadline, which is also that of all calls made for it. Inside the problems, so that a
        // 504 is like any other problem.
        .layer(timeouts.deadline())
        // Answers a client that stops in the middle of a body.
        .layer(timeouts.bodies())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    limits
        .wrap(orders, partners, concurrency)
        // Last, since its fallback for unknown paths is kept, which no limit is around.
        .merge(browsing)
        // All layers in one call: each call of `Router::layer` boxes service, future and body of every request again.
        .layer(layers)
        .with_state(Arc::new(shop))
}
