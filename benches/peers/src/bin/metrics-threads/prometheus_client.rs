//! Requests counted in prometheus-client's own types, by the labels of battlement-metrics.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use battlement_benches::Bare;
use battlement_core::RequestFacts;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use tokio::time::Instant;
use tower::Service;

/// A service around [`Bare`] that looks up a histogram and a gauge by label set, as prometheus-client documents it.
/// The layer records less than battlement-metrics: neither the end of the body nor a request that is dropped.
#[derive(Clone, Debug)]
pub struct Direct {
    durations: Family<Ended, Histogram, fn() -> Histogram>,
    active: Family<Active, Gauge>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Active {
    http_request_method: String,
    url_scheme: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    http_request_method: String,
    url_scheme: &'static str,
    http_response_status_code: u16,
    http_route: String,
}

const BOUNDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

impl Direct {
    /// Creates the service and the registry that a scrape encodes.
    pub fn new() -> (Self, Registry) {
        let durations = Family::new_with_constructor((|| Histogram::new(BOUNDS)) as fn() -> _);
        let active = Family::<Active, Gauge>::default();
        let mut registry = Registry::default();
        registry.register("http_server_request_duration_seconds", "Durations", durations.clone());
        registry.register("http_server_active_requests", "In flight", active.clone());
        (Self { durations, active }, registry)
    }
}

/// Returns the page of `registry`.
pub fn page(registry: &Registry) -> String {
    let mut page = String::new();
    let _ = encode(&mut page, registry);
    page
}

impl<B> Service<Request<B>> for Direct {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let began = Instant::now();
        let method = request.method().as_str().to_owned();
        let route = RequestFacts::of(&request).and_then(RequestFacts::route).map(str::to_owned);
        let active = Active { http_request_method: method.clone(), url_scheme: "http" };
        self.active.get_or_create(&active).inc();
        let response = Bare.call(request).into_inner().unwrap_or_else(|never| match never {});
        self.active.get_or_create(&active).dec();
        let ended = Ended {
            http_request_method: method,
            url_scheme: "http",
            http_response_status_code: response.status().as_u16(),
            http_route: route.unwrap_or_default(),
        };
        self.durations.get_or_create(&ended).observe(began.elapsed().as_secs_f64());
        ready(Ok(response))
    }
}
