//! The endpoint for operators, on a listener of its own that customers cannot reach.

use std::{convert::Infallible, future::pending};

use battlement::metrics::Exposition;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tower::{ServiceExt, service_fn};

use crate::connections;

/// Serves the page for Prometheus at `/metrics`.
pub async fn serve_metrics(listener: TcpListener, page: Exposition) {
    let service = service_fn(move |request: Request<Incoming>| {
        let page = page.clone();
        async move {
            if request.uri().path() == "/metrics" {
                page.oneshot(request).await
            } else {
                not_found()
            }
        }
    });
    connections::serve(listener, service, pending()).await;
}

fn not_found<B: Default>() -> Result<Response<B>, Infallible> {
    let mut response = Response::new(B::default());
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}
