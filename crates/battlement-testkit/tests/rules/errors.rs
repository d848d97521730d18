//! Layers with their own error types.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{Probe, ProbeBody, ProbeError},
};
use http::{Request, Response};
use tower::{BoxError, Layer, Service, layer::layer_fn, util::MapErrLayer};

use crate::{
    assert_breaks, assert_breaks_only,
    rejecting::{close, leaves_much_unread},
};

#[tokio::test]
async fn a_contract_extracts_the_inner_error_from_the_layers_own_type() {
    let extract = |error: BoxError| error.downcast().ok().map(|error| *error);
    let boxing = || MapErrLayer::new(|error: ProbeError| BoxError::from(error));
    Contract::with_errors(boxing, extract, Some).run().await;

    let hiding = || MapErrLayer::new(|_: ProbeError| BoxError::from("hidden"));
    let expected = [Rule::ReadyErrorKept, Rule::CallErrorKept];
    assert_breaks(Contract::with_errors(hiding, extract, Some), &expected).await;
}

/// A service that converts every error of the inner one into a response.
#[derive(Clone)]
struct HandleErrors {
    inner: Probe,
    has_failed: bool,
    closes: bool,
}

impl Service<Request<ProbeBody>> for HandleErrors {
    type Response = Response<ProbeBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let polled = Service::<Request<ProbeBody>>::poll_ready(&mut self.inner, cx);
        self.has_failed = ready!(polled).is_err();
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ProbeBody>) -> Self::Future {
        let mut own = Response::default();
        if self.closes && leaves_much_unread(&request) {
            close(&mut own);
        }
        if self.has_failed {
            return Box::pin(async { Ok(own) });
        }
        let call = self.inner.call(request);
        Box::pin(async { Ok(call.await.unwrap_or(own)) })
    }
}

fn handling_errors(closes: bool) -> Contract<impl Layer<Probe, Service = HandleErrors>> {
    let make = move || layer_fn(move |inner| HandleErrors { inner, has_failed: false, closes });
    let impossible = |error: Infallible| match error {};
    Contract::with_errors(make, impossible, Some)
}

#[tokio::test]
async fn a_layer_that_converts_an_error_without_announcing_the_close_is_detected() {
    let contract = handling_errors(false).except(Rule::ReadyErrorKept).except(Rule::CallErrorKept);
    assert_breaks_only(contract, Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_converts_every_error_can_exclude_the_rules_about_errors() {
    let contract = || handling_errors(true);

    let about_errors = [Rule::ReadyErrorKept, Rule::CallErrorKept];
    assert_breaks(contract(), &about_errors).await;
    let [ready, call] = about_errors;
    contract().except(ready).except(call).run().await;
}
