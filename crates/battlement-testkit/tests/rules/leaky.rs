//! A layer that counts calls in flight, and leaks those that end in one phase.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, ready},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{Probe, ProbeBody, ProbeError, ProbeFuture},
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use tower::{Layer, Service};

use crate::assert_breaks_only;

/// The phase of a call; no call ends in `Never`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Phase {
    Never,
    Calling,
    Unpolled,
    PollingFuture,
    InFlight,
    Failed,
    EmptyBody,
    BeforeBody,
    NotNeeded,
    PollingBody,
    MidBody,
    Ended,
    BodyFailed,
}

#[derive(Clone)]
pub(crate) struct LeakyLayer {
    in_flight: Arc<AtomicUsize>,
    leak: Phase,
}

impl LeakyLayer {
    pub(crate) fn at(leak: Phase) -> impl Fn() -> Self {
        move || Self { in_flight: Arc::default(), leak }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.load(SeqCst) == 0
    }
}

impl Layer<Probe> for LeakyLayer {
    type Service = Leaky;

    fn layer(&self, inner: Probe) -> Leaky {
        let layer = self.clone();
        Leaky { inner, layer }
    }
}

struct Ticket {
    layer: LeakyLayer,
    phase: Phase,
}

impl Ticket {
    fn take(layer: &LeakyLayer) -> Self {
        layer.in_flight.fetch_add(1, SeqCst);
        Self { layer: layer.clone(), phase: Phase::Calling }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.phase != self.layer.leak {
            self.layer.in_flight.fetch_sub(1, SeqCst);
        }
    }
}

#[derive(Clone)]
pub(crate) struct Leaky {
    inner: Probe,
    layer: LeakyLayer,
}

impl Service<Request<ProbeBody>> for Leaky {
    type Response = Response<LeakyBody>;
    type Error = ProbeError;
    type Future = LeakyFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        Service::<Request<ProbeBody>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, request: Request<ProbeBody>) -> LeakyFuture {
        let mut ticket = Ticket::take(&self.layer);
        let is_head = request.method() == Method::HEAD;
        let inner = self.inner.call(request);
        ticket.phase = Phase::Unpolled;
        LeakyFuture { inner, is_head, ticket: Some(ticket) }
    }
}

pub(crate) struct LeakyFuture {
    inner: ProbeFuture,
    is_head: bool,
    ticket: Option<Ticket>,
}

impl LeakyFuture {
    fn reach(&mut self, phase: Phase) {
        if let Some(ticket) = &mut self.ticket {
            ticket.phase = phase;
        }
    }

    fn needs_no_body(&self, response: &Response<ProbeBody>) -> bool {
        self.is_head || response.status() == StatusCode::NO_CONTENT
    }
}

impl Future for LeakyFuture {
    type Output = Result<Response<LeakyBody>, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.reach(Phase::PollingFuture);
        let polled = Pin::new(&mut self.inner).poll(cx);
        let phase = match &polled {
            Poll::Pending => Phase::InFlight,
            Poll::Ready(Err(_)) => Phase::Failed,
            Poll::Ready(Ok(response)) if self.needs_no_body(response) => Phase::NotNeeded,
            Poll::Ready(Ok(response)) if response.body().is_end_stream() => Phase::EmptyBody,
            Poll::Ready(Ok(_)) => Phase::BeforeBody,
        };
        self.reach(phase);
        let outcome = ready!(polled);
        let ticket = self.ticket.take();
        Poll::Ready(outcome.map(|response| response.map(|inner| LeakyBody { inner, ticket })))
    }
}

pub(crate) struct LeakyBody {
    inner: ProbeBody,
    ticket: Option<Ticket>,
}

impl LeakyBody {
    fn reach(&mut self, phase: Phase) {
        if let Some(ticket) = &mut self.ticket {
            ticket.phase = phase;
        }
    }
}

impl Body for LeakyBody {
    type Data = Bytes;
    type Error = ProbeError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ProbeError>>> {
        self.reach(Phase::PollingBody);
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        let phase = match &polled {
            Poll::Ready(None) => Phase::Ended,
            Poll::Ready(Some(Err(_))) => Phase::BodyFailed,
            Poll::Ready(Some(Ok(_))) if self.inner.is_end_stream() => Phase::NotNeeded,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => Phase::MidBody,
        };
        self.reach(phase);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

async fn only_breaks(leak: Phase, rule: Rule) {
    let contract = Contract::new(LeakyLayer::at(leak)).idle(LeakyLayer::is_idle);
    assert_breaks_only(contract, rule).await;
}

#[tokio::test]
async fn a_layer_that_releases_all_calls_satisfies_every_rule() {
    let contract = Contract::new(LeakyLayer::at(Phase::Never));
    contract.idle(LeakyLayer::is_idle).run().await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_dropped_unpolled_is_detected() {
    only_breaks(Phase::Unpolled, Rule::DroppedUnpolled).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_dropped_in_flight_is_detected() {
    only_breaks(Phase::InFlight, Rule::DroppedInFlight).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_whose_empty_response_was_dropped_is_detected() {
    only_breaks(Phase::EmptyBody, Rule::ResponseDropped).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_dropped_after_the_head_is_detected() {
    only_breaks(Phase::BeforeBody, Rule::DroppedBeforeBody).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_dropped_within_the_body_is_detected() {
    only_breaks(Phase::MidBody, Rule::DroppedMidBody).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_whose_body_ended_is_detected() {
    only_breaks(Phase::Ended, Rule::BodyEnds).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_whose_body_failed_is_detected() {
    only_breaks(Phase::BodyFailed, Rule::BodyFails).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_whose_body_was_not_needed_is_detected() {
    only_breaks(Phase::NotNeeded, Rule::BodyNotNeeded).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_that_failed_is_detected() {
    only_breaks(Phase::Failed, Rule::CallFails).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_that_panicked_before_they_returned_a_future_is_detected() {
    only_breaks(Phase::Calling, Rule::CallPanics).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_whose_future_panicked_is_detected() {
    only_breaks(Phase::PollingFuture, Rule::FuturePanics).await;
}

#[tokio::test]
async fn a_layer_that_leaks_calls_whose_body_panicked_is_detected() {
    only_breaks(Phase::PollingBody, Rule::BodyPanics).await;
}
