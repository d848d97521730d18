use std::convert::Infallible;

use axum::Router;
use battlement_client_ip::{ClientIpLayer, Forwarding, Proxies};
use battlement_metrics::HttpMetrics;
use battlement_problem::ProblemLayer;
use battlement_rate_limit::{Key, Policy, RateLimitLayer};
use battlement_request_id::RequestIdLayer;
use battlement_security_headers::SecurityHeadersLayer;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::{Service, ServiceBuilder};

use super::router;

pub(super) fn around()
-> impl Service<Request<Full<Bytes>>, Response = Response<impl Body>, Error = Infallible>
+ Clone
+ 'static {
    ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(client_ip())
        .layer(HttpMetrics::new().server_layer())
        .layer(SecurityHeadersLayer::helmet())
        .layer(ProblemLayer::new())
        .layer(limit())
        .service(router())
}

pub(super) fn at_once() -> Router {
    let layers = ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(client_ip())
        .layer(HttpMetrics::new().server_layer())
        .layer(SecurityHeadersLayer::helmet())
        .layer(ProblemLayer::new())
        .layer(limit());
    router().layer(layers)
}

pub(super) fn one_by_one() -> Router {
    router()
        .layer(limit())
        .layer(ProblemLayer::new())
        .layer(SecurityHeadersLayer::helmet())
        .layer(HttpMetrics::new().server_layer())
        .layer(client_ip())
        .layer(RequestIdLayer::new())
}

fn client_ip() -> ClientIpLayer {
    let proxies = "10.0.0.0/8".parse::<Proxies>().expect("the network is valid");
    ClientIpLayer::behind(proxies, Forwarding::x_forwarded_for())
}

/// Returns a limit so high that no request is rejected during the measurement, with both headers.
fn limit() -> RateLimitLayer {
    RateLimitLayer::new(Policy::per_second("one", 1_000_000).burst(50_000_000), Key::client_ip())
}
