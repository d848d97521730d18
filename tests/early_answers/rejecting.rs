//! Services that respond to every request before its body was read.

use std::{convert::Infallible, future::ready, time::Duration};

use axum::{Router, routing::post};
use battlement::{
    problem::ProblemLayer,
    rate_limit::{Key, Policy, RateLimitLayer},
    security_headers::FetchMetadataLayer,
};
use battlement_testkit::server::{Protocol, Server};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tower::{Layer as _, ServiceBuilder, load_shed::error::Overloaded, service_fn};

/// Returns a limit that every request exceeds.
pub(crate) fn limit() -> RateLimitLayer {
    let day = Duration::from_secs(24 * 60 * 60);
    RateLimitLayer::new(Policy::new("orders", 1, day), Key::global()).cost(|_| 2)
}

async fn ordered(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("ordered")))
}

pub(crate) async fn limit_under_hyper(protocol: Protocol) -> Server {
    let service = limit().layer(service_fn(ordered));
    Server::hyper(protocol, move |_| service.clone()).await.unwrap()
}

pub(crate) async fn limit_under_axum() -> Server {
    let layers = ServiceBuilder::new().layer(ProblemLayer::new()).layer(limit());
    let router = Router::new().route("/", post(async || "ordered")).layer(layers);
    Server::axum(router).await.unwrap()
}

/// Starts a service that rejects the requests of pages of other sites.
pub(crate) async fn isolation() -> Server {
    let service = FetchMetadataLayer::new().layer(service_fn(ordered));
    Server::http1(service).await.unwrap()
}

/// Starts a service that sheds all load, as tower's layer does while its service is busy.
pub(crate) async fn overload() -> Server {
    let shed = |_: Request<Incoming>| ready(Err::<Response<Full<Bytes>>, _>(Overloaded::new()));
    let service = ProblemLayer::new().layer(service_fn(shed));
    Server::http1(service).await.unwrap()
}
