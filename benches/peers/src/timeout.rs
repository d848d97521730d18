use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use battlement_benches::{Bare, Case, request, request_with};
use battlement_core::{CallFacts, Deadline, RequestFacts};
use battlement_timeout::{
    BodyTimeoutLayer, CallDeadlineLayer, DeadlineLayer, PropagateDeadlineLayer, TimeoutHeader,
    TimeoutLayer,
};
use bytes::Bytes;
use http::{HeaderName, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::Full;
use tower::{Layer, Service};
use tower_http::timeout::ResponseBodyTimeoutLayer;
use tower_resilience_timelimiter::TimeLimiterLayer;

const LONG: Duration = Duration::from_secs(30);
const TIMEOUT: HeaderName = HeaderName::from_static("x-request-timeout-ms");

type Make = fn() -> Request<Full<Bytes>>;

pub(crate) fn cases() -> Vec<Case> {
    let served: Make = || with_facts(request());
    let with_header: Make = || with_facts(request_with(&[(TIMEOUT, "2000")]));
    let called: Make = || with_deadline(request());
    let called_with_room: Make = || {
        let mut request = with_deadline(request());
        request.headers_mut().reserve(8);
        request
    };
    let header = || DeadlineLayer::new().header(TimeoutHeader::default());
    vec![
        Case::new("ours: call timeout", request, Bare, TimeoutLayer::new(LONG).layer(Bare))
            .at_most(200, 0),
        Case::new(
            "ours: call timeout, as an error",
            request,
            Bare,
            TimeoutLayer::new(LONG).as_error().layer(Bare),
        )
        .at_most(200, 0),
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
            "ours: deadline written to an HTTP call with room for a header",
            called_with_room,
            Bare,
            PropagateDeadlineLayer::new().layer(Bare),
        )
        .at_most(600, 1),
        Case::new(
            "ours: deadline written to an HTTP call whose header map grows",
            called,
            Bare,
            PropagateDeadlineLayer::new().layer(Bare),
        ),
        Case::new(
            "ours: a body of 1,000 frames",
            request,
            Framed,
            BodyTimeoutLayer::new().layer(Framed),
        ),
        Case::new(
            "tower-http: a body of 1,000 frames",
            request,
            Framed,
            ResponseBodyTimeoutLayer::new(LONG).layer(Framed),
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

/// Adds the facts of a call with a deadline.
fn with_deadline(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let mut facts = CallFacts::default();
    facts.set_deadline(Some(Deadline::after(tokio::time::Instant::now(), LONG)));
    request.extensions_mut().insert(facts);
    request
}

/// Adds facts, as an outer layer does.
fn with_facts(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let facts = RequestFacts::starting(tokio::time::Instant::now());
    request.extensions_mut().insert(facts);
    request
}

/// A service whose responses have a body of 1,000 frames.
#[derive(Clone)]
struct Framed;

/// The number of frames that are left.
struct Frames(u32);

impl<B> Service<Request<B>> for Framed {
    type Response = Response<Frames>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Frames>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<B>) -> Self::Future {
        ready(Ok(Response::new(Frames(1_000))))
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.checked_sub(1).map(|left| {
            self.0 = left;
            Ok(Frame::data(Bytes::from_static(b"hello")))
        }))
    }
}
