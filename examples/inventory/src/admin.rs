//! The endpoint for operators, on a listener of its own that customers cannot reach.

use axum::{Router, routing::get_service};
use battlement::metrics::Exposition;
use tokio::net::TcpListener;

/// Serves the page for Prometheus at `/metrics`.
pub async fn serve_metrics(listener: TcpListener, page: Exposition) {
    let app = Router::new().route("/metrics", get_service(page));
    if let Err(error) = axum::serve(listener, app).await {
        tracing::error!(%error, "metrics are no longer served");
    }
}
