//! Layers that poll the inner service incorrectly.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
};

use battlement_testkit::contract::Rule;
use tower::Service;

use crate::{assert_breaks_only, contract_of};

type PollInner<F> = fn(&mut F, &mut Context<'_>) -> Poll<<F as Future>::Output>;

/// A service that polls the inner future with `poll`.
pub(crate) struct Polling<S, F: Future> {
    pub(crate) inner: S,
    pub(crate) poll: PollInner<F>,
}

impl<S: Clone, F: Future> Clone for Polling<S, F> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), poll: self.poll }
    }
}

impl<Q, S: Service<Q>> Service<Q> for Polling<S, S::Future>
where
    S::Future: Unpin,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = PollingFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let inner = self.inner.call(request);
        PollingFuture { inner, poll: self.poll }
    }
}

pub(crate) struct PollingFuture<F: Future> {
    inner: F,
    poll: PollInner<F>,
}

impl<F: Future + Unpin> Future for PollingFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let poll = self.poll;
        poll(&mut self.inner, cx)
    }
}

pub(crate) fn without_waker<F>(future: &mut F, _: &mut Context<'_>) -> Poll<F::Output>
where
    F: Future + Unpin,
{
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

pub(crate) fn twice<F>(future: &mut F, cx: &mut Context<'_>) -> Poll<F::Output>
where
    F: Future + Unpin,
{
    let first = Pin::new(&mut *future).poll(cx);
    if first.is_pending() { Pin::new(future).poll(cx) } else { first }
}

pub(crate) fn after_completion<F>(future: &mut F, cx: &mut Context<'_>) -> Poll<F::Output>
where
    F: Future + Unpin,
{
    let first = Pin::new(&mut *future).poll(cx);
    if first.is_ready() {
        let _ = Pin::new(future).poll(cx);
    }
    first
}

#[tokio::test]
async fn a_layer_that_does_not_pass_the_callers_waker_is_detected() {
    let contract = contract_of(|inner| Polling { inner, poll: without_waker });
    assert_breaks_only(contract, Rule::WakesPropagate).await;
}

#[tokio::test]
async fn a_layer_that_polls_twice_per_poll_is_detected() {
    let contract = contract_of(|inner| Polling { inner, poll: twice });
    assert_breaks_only(contract, Rule::PolledOnDemand).await;
}

#[tokio::test]
async fn a_layer_that_polls_a_completed_future_is_detected() {
    let contract = contract_of(|inner| Polling { inner, poll: after_completion });
    assert_breaks_only(contract, Rule::PolledOnDemand).await;
}
