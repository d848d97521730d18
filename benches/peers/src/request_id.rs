use battlement_benches::{Bare, Case, request, request_with};
use battlement_request_id::{RequestIdLayer, RequestSpan, TraceContext};
use bytes::Bytes;
use http::{HeaderName, Request};
use http_body_util::Full;
use tower::{Layer, ServiceBuilder};
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

const ID: (HeaderName, &str) =
    (HeaderName::from_static("x-request-id"), "0199d4c5-5d1e-7c3a-b1f0-6f6d2f1f8a11");
const CORRELATION: (HeaderName, &str) = (HeaderName::from_static("x-correlation-id"), "order-4711");
const TRACEPARENT: (HeaderName, &str) = (
    HeaderName::from_static("traceparent"),
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
);

type Make = fn() -> Request<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let with_id: Make = || request_with(&[ID]);
    let with_all: Make = || request_with(&[ID, CORRELATION, TRACEPARENT]);
    let all = RequestIdLayer::new().correlation(CORRELATION.0).trace_context(TraceContext::Own);
    let no_span = RequestIdLayer::new().span(RequestSpan::Off);
    vec![
        ours("ours: make", request, RequestIdLayer::new()).at_most(2_900, 5),
        ours("ours: accept", with_id, RequestIdLayer::new()).at_most(2_900, 5),
        ours("ours: make, no span", request, no_span),
        ours("ours: accept, correlation id, own trace", with_all, all),
        set_and_propagate("tower-http: set and propagate, make", request),
        set_and_propagate("tower-http: set and propagate, accept", with_id),
        set("tower-http: set only, make", request),
    ]
}

fn ours(name: &'static str, request: Make, layer: RequestIdLayer) -> Case {
    Case::new(name, request, Bare, layer.layer(Bare))
}

fn set_and_propagate(name: &'static str, request: Make) -> Case {
    let service = ServiceBuilder::new()
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(PropagateRequestIdLayer::x_request_id())
        .service(Bare);
    Case::new(name, request, Bare, service)
}

fn set(name: &'static str, request: Make) -> Case {
    let layer = SetRequestIdLayer::x_request_id(MakeRequestUuid);
    Case::new(name, request, Bare, layer.layer(Bare))
}
