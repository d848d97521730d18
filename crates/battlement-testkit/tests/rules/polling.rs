//! Layers that poll what is inside them wrongly.

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

use crate::{of, only_broken};

type Polled = Poll<Result<Response<ProbeBody>, ProbeError>>;

/// Polls the service's future in a way of its own.
#[derive(Clone)]
struct Polling {
    inner: Probe,
    how: fn(&mut ProbeFuture, &mut Context<'_>) -> Polled,
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
        PollingFuture { inner, how: self.how }
    }
}

struct PollingFuture {
    inner: ProbeFuture,
    how: fn(&mut ProbeFuture, &mut Context<'_>) -> Polled,
}

impl Future for PollingFuture {
    type Output = Result<Response<ProbeBody>, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let how = self.how;
        how(&mut self.inner, cx)
    }
}

#[tokio::test]
async fn a_layer_that_keeps_the_callers_waker_from_the_service_is_found() {
    let deaf = |inner| Polling {
        inner,
        how: |future, _| Pin::new(future).poll(&mut Context::from_waker(Waker::noop())),
    };
    only_broken(of(deaf), Rule::WakesReach).await;
}

#[tokio::test]
async fn a_layer_that_polls_twice_when_it_is_polled_once_is_found() {
    let impatient = |inner| Polling {
        inner,
        how: |future, cx| {
            let first = Pin::new(&mut *future).poll(cx);
            if first.is_pending() { Pin::new(future).poll(cx) } else { first }
        },
    };
    only_broken(of(impatient), Rule::PolledAsAsked).await;
}

#[tokio::test]
async fn a_layer_that_polls_a_future_that_is_done_is_found() {
    let forgetful = |inner| Polling {
        inner,
        how: |future, cx| {
            let first = Pin::new(&mut *future).poll(cx);
            if first.is_ready() {
                let _ = Pin::new(future).poll(cx);
            }
            first
        },
    };
    only_broken(of(forgetful), Rule::PolledAsAsked).await;
}
