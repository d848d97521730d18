//! Layers that respond instead of the service.

use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{Probe, ProbeBody, ProbeError},
};
use http::{
    HeaderValue, Request, Response, StatusCode, Version,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use tower::{Service, layer::layer_fn, util::MapResponseLayer};

use crate::assert_breaks_only;

/// Returns whether the connection closes after the response to a request.
type Closes = fn(&Request<ProbeBody>) -> bool;

/// A service that responds with a 429 without a call of the inner one.
#[derive(Clone)]
struct Rejecting {
    inner: Probe,
    closes: Closes,
}

impl Service<Request<ProbeBody>> for Rejecting {
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = Ready<Result<Response<ProbeBody>, ProbeError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        Service::<Request<ProbeBody>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<ProbeBody>) -> Self::Future {
        let mut response = Response::default();
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        if (self.closes)(&request) {
            close(&mut response);
        }
        ready(Ok(response))
    }
}

pub(crate) fn close(response: &mut Response<ProbeBody>) {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}

/// Returns the decision that the rule requires.
pub(crate) fn leaves_much_unread(request: &Request<ProbeBody>) -> bool {
    is_http1(request) && (is_chunked(request) || declares_more_than(8192, request))
}

fn is_http1(request: &Request<ProbeBody>) -> bool {
    request.version() <= Version::HTTP_11
}

fn is_chunked(request: &Request<ProbeBody>) -> bool {
    request.headers().contains_key(TRANSFER_ENCODING)
}

fn declares_more_than(bytes: u64, request: &Request<ProbeBody>) -> bool {
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    declared.is_some_and(|declared| declared > bytes)
}

fn rejecting(closes: Closes) -> Contract<impl tower::Layer<Probe, Service = Rejecting>> {
    Contract::new(move || layer_fn(move |inner| Rejecting { inner, closes })).rejects()
}

#[tokio::test]
async fn a_layer_that_closes_as_required_satisfies_the_rule() {
    rejecting(leaves_much_unread).run().await;
}

#[tokio::test]
async fn a_layer_that_never_announces_the_close_is_detected() {
    assert_breaks_only(rejecting(|_| false), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_closes_after_small_bodies_is_detected() {
    assert_breaks_only(rejecting(is_http1), Rule::UnreadBodyCloses).await;
    let small = |request: &_| is_http1(request) && declares_more_than(8191, request);
    assert_breaks_only(rejecting(small), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_closes_over_http2_is_detected() {
    let always = |request: &_| is_chunked(request) || declares_more_than(8192, request);
    assert_breaks_only(rejecting(always), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_treats_a_body_of_unknown_length_as_small_is_detected() {
    let sized = |request: &_| is_http1(request) && declares_more_than(8192, request);
    assert_breaks_only(rejecting(sized), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_allows_calls_is_not_accepted_as_rejecting() {
    let contract = Contract::new(tower::layer::util::Identity::new).rejects();
    assert_breaks_only(contract, Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_closes_after_responses_of_the_service_is_detected() {
    let closing = || {
        MapResponseLayer::new(|mut response| {
            close(&mut response);
            response
        })
    };
    assert_breaks_only(Contract::new(closing), Rule::UnreadBodyCloses).await;
}
