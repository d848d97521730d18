use std::time::Duration;

use battlement_benches::{Bare, Case, request, request_with};
use battlement_core::RequestFacts;
use battlement_timeout::{CallDeadlineLayer, DeadlineLayer, TimeoutHeader, TimeoutLayer};
use bytes::Bytes;
use http::{HeaderName, Request, StatusCode};
use http_body_util::Full;
use tower::Layer;
use tower_resilience_timelimiter::TimeLimiterLayer;

const LONG: Duration = Duration::from_secs(30);
const TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");

type Make = fn() -> Request<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let served: Make = || with_facts(request());
    let with_header: Make = || with_facts(request_with(&[(TIMEOUT, "2000")]));
    let header = || DeadlineLayer::new().header(TimeoutHeader::default());
    vec![
        Case::new("ours: call timeout", request, Bare, TimeoutLayer::new(LONG).layer(Bare))
            .at_most(200, 0),
        Case::new(
            "ours: call timeout, as an error",
            request,
            Bare,
            TimeoutLayer::new(LONG).as_error().layer(Bare),
        ),
        Case::new(
            "ours: call timeout with readiness",
            request,
            Bare,
            TimeoutLayer::new(LONG).include_ready().layer(Bare),
        ),
        Case::new(
            "ours: server deadline, from the default",
            served,
            Bare,
            DeadlineLayer::new().layer(Bare),
        )
        .at_most(350, 0),
        Case::new(
            "ours: server deadline, one header looked for",
            served,
            Bare,
            header().layer(Bare),
        )
        .at_most(650, 0),
        Case::new(
            "ours: server deadline, from a trusted header",
            with_header,
            Bare,
            header().trust(|_| true).layer(Bare),
        ),
        Case::new(
            "ours: deadline of a call",
            request,
            Bare,
            CallDeadlineLayer::new(LONG).layer(Bare),
        ),
        Case::new(
            "tower: timeout",
            request,
            Bare,
            tower::timeout::TimeoutLayer::new(LONG).layer(Bare),
        ),
        Case::new(
            "tower-http: timeout",
            request,
            Bare,
            tower_http::timeout::TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONG)
                .layer(Bare),
        ),
        Case::new(
            "tower-resilience: time limiter",
            request,
            Bare,
            TimeLimiterLayer::builder().timeout_duration(LONG).build().layer(Bare),
        ),
    ]
}

/// Adds facts, as an outer layer does.
fn with_facts(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let facts = RequestFacts::starting(tokio::time::Instant::now());
    request.extensions_mut().insert(facts);
    request
}
