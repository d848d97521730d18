//! Layers that handle readiness incorrectly.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::{Probe, ProbeBody, ProbeError, ProbeFuture},
};
use http::{Request, Response};
use tokio::sync::Semaphore;
use tower::{Service, ServiceExt as _, limit::GlobalConcurrencyLimitLayer, util::Oneshot};

use crate::{assert_breaks_only, contract_of};

fn poll_probe(probe: &mut Probe, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
    Service::<Request<ProbeBody>>::poll_ready(probe, cx)
}

/// Calls a clone that was not polled ready.
#[derive(Clone)]
struct CloneInCall(Probe);

impl Service<Request<ProbeBody>> for CloneInCall {
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = ProbeFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        poll_probe(&mut self.0, cx)
    }

    fn call(&mut self, request: Request<ProbeBody>) -> ProbeFuture {
        self.0.clone().call(request)
    }
}

#[tokio::test]
async fn a_layer_that_calls_a_clone_without_readiness_is_detected() {
    assert_breaks_only(contract_of(CloneInCall), Rule::ReadySpentOnce).await;
}

/// A service that is always ready and waits for the inner one in its future.
#[derive(Clone)]
struct WaitsInside(Probe);

impl Service<Request<ProbeBody>> for WaitsInside {
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = Oneshot<Probe, Request<ProbeBody>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ProbeBody>) -> Self::Future {
        self.0.clone().oneshot(request)
    }
}

#[tokio::test]
async fn a_layer_that_is_ready_before_its_service_is_detected() {
    let contract = contract_of(WaitsInside).except(Rule::ReadyErrorKept);
    assert_breaks_only(contract, Rule::Backpressure).await;
}

#[tokio::test]
async fn a_layer_declared_to_wait_inside_may_be_ready_before_its_service() {
    contract_of(WaitsInside).waits_inside().run().await;
}

/// A service that caches its readiness and copies it to clones.
#[derive(Clone)]
struct CopiesReadiness {
    inner: Probe,
    is_ready: bool,
}

impl CopiesReadiness {
    fn around(inner: Probe) -> Self {
        let is_ready = false;
        Self { inner, is_ready }
    }
}

impl Service<Request<ProbeBody>> for CopiesReadiness {
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = ProbeFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        if !self.is_ready {
            ready!(poll_probe(&mut self.inner, cx))?;
            self.is_ready = true;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<ProbeBody>) -> ProbeFuture {
        self.is_ready = false;
        self.inner.call(request)
    }
}

#[tokio::test]
async fn a_layer_whose_clone_inherits_readiness_is_detected() {
    assert_breaks_only(contract_of(CopiesReadiness::around), Rule::CloneStartsUnready).await;
}

#[tokio::test]
async fn a_layer_that_takes_its_permit_in_poll_ready_is_detected() {
    let contract =
        Contract::new(|| GlobalConcurrencyLimitLayer::with_semaphore(Arc::new(Semaphore::new(4))));
    assert_breaks_only(contract, Rule::NothingReserved).await;
}

/// A service that replaces the error of readiness.
#[derive(Clone)]
struct ReplacesReadyError(Probe);

impl Service<Request<ProbeBody>> for ReplacesReadyError {
    type Response = Response<ProbeBody>;
    type Error = ProbeError;
    type Future = ProbeFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        poll_probe(&mut self.0, cx).map_err(|_| ProbeError::new("another"))
    }

    fn call(&mut self, request: Request<ProbeBody>) -> ProbeFuture {
        self.0.call(request)
    }
}

#[tokio::test]
async fn a_layer_that_replaces_the_error_of_readiness_is_detected() {
    assert_breaks_only(contract_of(ReplacesReadyError), Rule::ReadyErrorKept).await;
}
