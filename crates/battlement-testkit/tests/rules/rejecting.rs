//! Layers that answer in the service's place.

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

use crate::only_broken;

/// Decides whether the connection closes after the answer to a request.
type Closes = fn(&Request<ProbeBody>) -> bool;

/// Answers 429 without a call of the service.
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

/// The decision that the rule asks for.
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
async fn a_layer_that_closes_as_asked_keeps_the_rule() {
    rejecting(leaves_much_unread).run().await;
}

#[tokio::test]
async fn a_layer_that_never_announces_the_close_is_found() {
    only_broken(rejecting(|_| false), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_closes_after_small_bodies_is_found() {
    only_broken(rejecting(is_http1), Rule::UnreadBodyCloses).await;
    let small = |request: &_| is_http1(request) && declares_more_than(8191, request);
    only_broken(rejecting(small), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_closes_over_http2_is_found() {
    let always = |request: &_| is_chunked(request) || declares_more_than(8192, request);
    only_broken(rejecting(always), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_takes_a_body_of_unknown_length_for_a_small_one_is_found() {
    let sized = |request: &_| is_http1(request) && declares_more_than(8192, request);
    only_broken(rejecting(sized), Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_lets_calls_through_does_not_pass_for_one_that_rejects() {
    let contract = Contract::new(tower::layer::util::Identity::new).rejects();
    only_broken(contract, Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_closes_after_the_service_s_own_answers_is_found() {
    let closing = || {
        MapResponseLayer::new(|mut response| {
            close(&mut response);
            response
        })
    };
    only_broken(Contract::new(closing), Rule::UnreadBodyCloses).await;
}
