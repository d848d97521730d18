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
use tower::{BoxError, Service, layer::layer_fn, util::MapErrLayer};

use crate::broken;

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
        if self.is_broken {
            return Box::pin(async { Ok(Response::default()) });
        }
        let call = self.inner.call(request);
        Box::pin(async { Ok(call.await.unwrap_or_default()) })
    }
}

#[tokio::test]
async fn a_layer_that_answers_every_error_leaves_out_the_rules_about_them() {
    let answering = || layer_fn(|inner| Answering { inner, is_broken: false });
    let impossible = |error: Infallible| match error {};
    let contract = || Contract::with_errors(answering, impossible, Some);

    let about_errors = [Rule::ReadyErrorKept, Rule::CallErrorKept];
    broken(contract(), &about_errors).await;
    let [ready, call] = about_errors;
    contract().except(ready).except(call).run().await;
}
