//! A layer around any service that counts calls in flight, and leaks those that end in one phase.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use battlement_testkit::contract::{Contract, Rule};
use tower::{Layer, Service};

use crate::{
    any_service::{query, rows},
    assert_breaks_only,
};

/// The phase of a call; no call ends in `Never`.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Never,
    Calling,
    Unpolled,
    Polling,
    InFlight,
    Failed,
    Completed,
}

#[derive(Clone)]
struct LeakyLayer {
    in_flight: Arc<AtomicUsize>,
    leak: Phase,
}

impl LeakyLayer {
    fn is_idle(&self) -> bool {
        self.in_flight.load(SeqCst) == 0
    }
}

impl<S> Layer<S> for LeakyLayer {
    type Service = Leaky<S>;

    fn layer(&self, inner: S) -> Leaky<S> {
        Leaky { inner, layer: self.clone() }
    }
}

struct Ticket {
    layer: LeakyLayer,
    phase: Phase,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.phase != self.layer.leak {
            self.layer.in_flight.fetch_sub(1, SeqCst);
        }
    }
}

#[derive(Clone)]
struct Leaky<S> {
    inner: S,
    layer: LeakyLayer,
}

impl<Q, S: Service<Q, Future: Unpin>> Service<Q> for Leaky<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = LeakyFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> LeakyFuture<S::Future> {
        self.layer.in_flight.fetch_add(1, SeqCst);
        let mut ticket = Ticket { layer: self.layer.clone(), phase: Phase::Calling };
        let inner = self.inner.call(request);
        ticket.phase = Phase::Unpolled;
        LeakyFuture { inner, ticket }
    }
}

struct LeakyFuture<F> {
    inner: F,
    ticket: Ticket,
}

impl<T, E, F: Future<Output = Result<T, E>> + Unpin> Future for LeakyFuture<F> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.ticket.phase = Phase::Polling;
        let polled = Pin::new(&mut self.inner).poll(cx);
        self.ticket.phase = match &polled {
            Poll::Pending => Phase::InFlight,
            Poll::Ready(Ok(_)) => Phase::Completed,
            Poll::Ready(Err(_)) => Phase::Failed,
        };
        polled
    }
}

async fn only_breaks(leak: Phase, rule: Rule) {
    let make = move || LeakyLayer { in_flight: Arc::default(), leak };
    let contract = Contract::of_service(make, query, rows()).idle(LeakyLayer::is_idle);
    assert_breaks_only(contract, rule).await;
}

#[tokio::test]
async fn a_plain_layer_that_releases_all_calls_satisfies_every_rule() {
    let make = || LeakyLayer { in_flight: Arc::default(), leak: Phase::Never };
    Contract::of_service(make, query, rows()).idle(LeakyLayer::is_idle).run().await;
}

#[tokio::test]
async fn a_plain_layer_that_leaks_calls_dropped_unpolled_is_detected() {
    only_breaks(Phase::Unpolled, Rule::DroppedUnpolled).await;
}

#[tokio::test]
async fn a_plain_layer_that_leaks_calls_dropped_in_flight_is_detected() {
    only_breaks(Phase::InFlight, Rule::DroppedInFlight).await;
}

#[tokio::test]
async fn a_plain_layer_that_leaks_calls_whose_response_was_dropped_is_detected() {
    only_breaks(Phase::Completed, Rule::ResponseDropped).await;
}

#[tokio::test]
async fn a_plain_layer_that_leaks_calls_that_failed_is_detected() {
    only_breaks(Phase::Failed, Rule::CallFails).await;
}

#[tokio::test]
async fn a_plain_layer_that_leaks_calls_that_panicked_before_they_returned_a_future_is_detected() {
    only_breaks(Phase::Calling, Rule::CallPanics).await;
}

#[tokio::test]
async fn a_plain_layer_that_leaks_calls_whose_future_panicked_is_detected() {
    only_breaks(Phase::Polling, Rule::FuturePanics).await;
}
