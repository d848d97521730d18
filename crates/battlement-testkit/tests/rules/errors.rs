//! Layers with an error type of their own.

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
    broken, only_broken,
    rejecting::{close, leaves_much_unread},
};

#[tokio::test]
async fn a_layer_with_its_own_error_type_says_how_to_find_the_kept_one() {
    let found = |error: BoxError| error.downcast().ok().map(|error| *error);
    let boxing = || MapErrLayer::new(|error: ProbeError| BoxError::from(error));
    Contract::with_errors(boxing, found, Some).run().await;

    let hiding = || MapErrLayer::new(|_: ProbeError| BoxError::from("hidden"));
    let expected = [Rule::ReadyErrorKept, Rule::CallErrorKept];
    broken(Contract::with_errors(hiding, found, Some), &expected).await;
}

/// Answers what the service fails with, so that nobody sees an error.
#[derive(Clone)]
struct Answering {
    inner: Probe,
    is_broken: bool,
    closes: bool,
}

impl Service<Request<ProbeBody>> for Answering {
    type Response = Response<ProbeBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        let polled = Service::<Request<ProbeBody>>::poll_ready(&mut self.inner, cx);
        self.is_broken = ready!(polled).is_err();
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ProbeBody>) -> Self::Future {
        let mut own = Response::default();
        if self.closes && leaves_much_unread(&request) {
            close(&mut own);
        }
        if self.is_broken {
            return Box::pin(async { Ok(own) });
        }
        let call = self.inner.call(request);
        Box::pin(async { Ok(call.await.unwrap_or(own)) })
    }
}

fn answering(closes: bool) -> Contract<impl Layer<Probe, Service = Answering>> {
    let make = move || layer_fn(move |inner| Answering { inner, is_broken: false, closes });
    let impossible = |error: Infallible| match error {};
    Contract::with_errors(make, impossible, Some)
}

#[tokio::test]
async fn a_layer_that_answers_an_error_without_announcing_the_close_is_found() {
    let contract = answering(false).except(Rule::ReadyErrorKept).except(Rule::CallErrorKept);
    only_broken(contract, Rule::UnreadBodyCloses).await;
}

#[tokio::test]
async fn a_layer_that_answers_every_error_leaves_out_the_rules_about_them() {
    let contract = || answering(true);

    let about_errors = [Rule::ReadyErrorKept, Rule::CallErrorKept];
    broken(contract(), &about_errors).await;
    let [ready, call] = about_errors;
    contract().except(ready).except(call).run().await;
}
