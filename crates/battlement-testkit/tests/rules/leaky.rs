//! A layer that counts calls in flight, and forgets to give back those that end at one stage.

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

use crate::only_broken;

/// How far a call has come; none ends `Nowhere`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Stage {
    Nowhere,
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
    leak: Stage,
}

impl LeakyLayer {
    pub(crate) fn at(leak: Stage) -> impl Fn() -> Self {
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
    stage: Stage,
}

impl Ticket {
    fn take(layer: &LeakyLayer) -> Self {
        layer.in_flight.fetch_add(1, SeqCst);
        Self { layer: layer.clone(), stage: Stage::Calling }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.stage != self.layer.leak {
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
        ticket.stage = Stage::Unpolled;
        LeakyFuture { inner, is_head, ticket: Some(ticket) }
    }
}

pub(crate) struct LeakyFuture {
    inner: ProbeFuture,
    is_head: bool,
    ticket: Option<Ticket>,
}

impl LeakyFuture {
    fn reach(&mut self, stage: Stage) {
        if let Some(ticket) = &mut self.ticket {
            ticket.stage = stage;
        }
    }

    fn needs_no_body(&self, response: &Response<ProbeBody>) -> bool {
        self.is_head || response.status() == StatusCode::NO_CONTENT
    }
}

impl Future for LeakyFuture {
    type Output = Result<Response<LeakyBody>, ProbeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.reach(Stage::PollingFuture);
        let polled = Pin::new(&mut self.inner).poll(cx);
        let stage = match &polled {
            Poll::Pending => Stage::InFlight,
            Poll::Ready(Err(_)) => Stage::Failed,
            Poll::Ready(Ok(response)) if self.needs_no_body(response) => Stage::NotNeeded,
            Poll::Ready(Ok(response)) if response.body().is_end_stream() => Stage::EmptyBody,
            Poll::Ready(Ok(_)) => Stage::BeforeBody,
        };
        self.reach(stage);
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
    fn reach(&mut self, stage: Stage) {
        if let Some(ticket) = &mut self.ticket {
            ticket.stage = stage;
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
        self.reach(Stage::PollingBody);
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        let stage = match &polled {
            Poll::Ready(None) => Stage::Ended,
            Poll::Ready(Some(Err(_))) => Stage::BodyFailed,
            Poll::Ready(Some(Ok(_))) if self.inner.is_end_stream() => Stage::NotNeeded,
            Poll::Ready(Some(Ok(_))) | Poll::Pending => Stage::MidBody,
        };
        self.reach(stage);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

async fn only_breaks(leak: Stage, rule: Rule) {
    let contract = Contract::new(LeakyLayer::at(leak)).idle(LeakyLayer::is_idle);
    only_broken(contract, rule).await;
}

#[tokio::test]
async fn a_layer_that_gives_back_all_calls_keeps_every_rule() {
    let contract = Contract::new(LeakyLayer::at(Stage::Nowhere));
    contract.idle(LeakyLayer::is_idle).run().await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_dropped_unpolled_is_found() {
    only_breaks(Stage::Unpolled, Rule::DroppedUnpolled).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_dropped_in_flight_is_found() {
    only_breaks(Stage::InFlight, Rule::DroppedInFlight).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_dropped_after_the_head_is_found() {
    only_breaks(Stage::BeforeBody, Rule::DroppedBeforeBody).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_dropped_within_the_body_is_found() {
    only_breaks(Stage::MidBody, Rule::DroppedMidBody).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_whose_body_ran_out_is_found() {
    only_breaks(Stage::Ended, Rule::BodyRunsOut).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_whose_body_failed_is_found() {
    only_breaks(Stage::BodyFailed, Rule::BodyFails).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_whose_body_was_not_needed_is_found() {
    only_breaks(Stage::NotNeeded, Rule::BodyNotNeeded).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_that_failed_is_found() {
    only_breaks(Stage::Failed, Rule::CallFails).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_that_panicked_before_the_future_is_found() {
    only_breaks(Stage::Calling, Rule::CallPanics).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_whose_future_panicked_is_found() {
    only_breaks(Stage::PollingFuture, Rule::FuturePanics).await;
}

#[tokio::test]
async fn a_layer_that_keeps_calls_whose_body_panicked_is_found() {
    only_breaks(Stage::PollingBody, Rule::BodyPanics).await;
}
