use anyhow::{Result, bail};
use axum::{Router, routing::get};
use battlement_metrics::HttpMetrics;
use battlement_problem::ProblemLayer;
use battlement_request_id::RequestIdLayer;
use battlement_security_headers::SecurityHeadersLayer;
use tower::ServiceBuilder;

use super::{ours, peer};
use crate::measure::{
    cores::Core,
    server::{self, BODY, ROUTE},
};

/// Prints the server's address and serves until the process is killed.
pub(super) async fn serve(kind: &str, redis: &str) -> Result<()> {
    Core(0).pin()?;
    let router = Router::new().route(ROUTE, get(async || BODY));
    let router = match kind {
        "bare" => router,
        "ours" => router.layer(ours::layer(redis)?),
        "peer" => router.layer(peer::layer(redis).await?),
        "shop" => with_storefront_layers(router),
        "shop-ours" => with_storefront_layers(router.layer(ours::layer(redis)?)),
        _ => bail!("unknown server kind {kind:?}"),
    };
    server::serve(router).await
}

/// Adds the storefront's layers, except those that need to know the connection.
fn with_storefront_layers(router: Router) -> Router {
    let layers = ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(HttpMetrics::new().server_layer())
        .layer(SecurityHeadersLayer::html())
        .layer(ProblemLayer::new());
    router.layer(layers)
}
