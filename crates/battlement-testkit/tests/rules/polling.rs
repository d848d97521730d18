//! Layers that poll the inner service incorrectly.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use battlement_testkit::{
    contract::Rule,
    probe::{Probe, ProbeBody, ProbeError, ProbeFuture},
};
use http::{Request, Response};
use tower::Service;

use crate::{assert_breaks_only, contract_of};

type Polled = Poll<Result<Response<ProbeBody>, ProbeError>>;

/// A service that polls the inner future with `poll`.
#[derive(Clone)]
struct Polling {
    inner: Probe,
    poll: fn(&mut ProbeFuture, &mut Context<'_>) -> Polled,
}

impl Service<Request<ProbeBody>> for Polling {
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = PollingFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        Service::<Request<ProbeBody>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<ProbeBody>) -> PollingFuture {
        let inner = self.inner.call(request);
        PollingFuture { inner, poll: self.poll }
    }
}

struct PollingFuture {
    inner: ProbeFuture,
    poll: fn(&mut ProbeFuture, &mut Context<'_>) -> Polled,
}

impl Future for PollingFuture {
    type Output = Result<Response<ProbeBody>, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let poll = self.poll;
        poll(&mut self.inner, cx)
    }
}

#[tokio::test]
async fn a_layer_that_does_not_pass_the_callers_waker_is_detected() {
    let without_waker = |inner| Polling {
        inner,
        poll: |future, _| Pin::new(future).poll(&mut Context::from_waker(Waker::noop())),
    };
    assert_breaks_only(contract_of(without_waker), Rule::WakesPropagate).await;
}

#[tokio::test]
async fn a_layer_that_polls_twice_per_poll_is_detected() {
    let polling_twice = |inner| Polling {
        inner,
        poll: |future, cx| {
            let first = Pin::new(&mut *future).poll(cx);
            if first.is_pending() { Pin::new(future).poll(cx) } else { first }
        },
    };
    assert_breaks_only(contract_of(polling_twice), Rule::PolledOnDemand).await;
}

#[tokio::test]
async fn a_layer_that_polls_a_completed_future_is_detected() {
    let polling_after_completion = |inner| Polling {
        inner,
        poll: |future, cx| {
            let first = Pin::new(&mut *future).poll(cx);
            if first.is_ready() {
                let _ = Pin::new(future).poll(cx);
            }
            first
        },
    };
    assert_breaks_only(contract_of(polling_after_completion), Rule::PolledOnDemand).await;
}
