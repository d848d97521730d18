//! Layers that handle readiness incorrectly.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_testkit::{
    contract::{Contract, Rule},
    probe::ProbeError,
};
use tokio::sync::Semaphore;
use tower::{Service, ServiceExt as _, limit::GlobalConcurrencyLimitLayer, util::Oneshot};

use crate::{assert_breaks_only, contract_of};

/// Calls a clone that was not polled ready.
#[derive(Clone)]
pub(crate) struct CloneInCall<S>(pub(crate) S);

impl<Q, S: Service<Q> + Clone> Service<Q> for CloneInCall<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> S::Future {
        self.0.clone().call(request)
    }
}

#[tokio::test]
async fn a_layer_that_calls_a_clone_without_readiness_is_detected() {
    assert_breaks_only(contract_of(CloneInCall), Rule::ReadySpentOnce).await;
}

/// A service that is always ready and waits for the inner one in its future.
#[derive(Clone)]
pub(crate) struct WaitsInside<S>(pub(crate) S);

impl<Q, S: Service<Q> + Clone> Service<Q> for WaitsInside<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = Oneshot<S, Q>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Q) -> Self::Future {
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
pub(crate) struct CopiesReadiness<S> {
    inner: S,
    is_ready: bool,
}

impl<S> CopiesReadiness<S> {
    pub(crate) fn around(inner: S) -> Self {
        let is_ready = false;
        Self { inner, is_ready }
    }
}

impl<Q, S: Service<Q>> Service<Q> for CopiesReadiness<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if !self.is_ready {
            ready!(self.inner.poll_ready(cx))?;
            self.is_ready = true;
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Q) -> S::Future {
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
pub(crate) struct ReplacesReadyError<S>(pub(crate) S);

impl<Q, S: Service<Q, Error = ProbeError>> Service<Q> for ReplacesReadyError<S> {
    type Response = S::Response;
    type Error = ProbeError;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx).map_err(|_| ProbeError::new("another"))
    }

    fn call(&mut self, request: Q) -> S::Future {
        self.0.call(request)
    }
}

#[tokio::test]
async fn a_layer_that_replaces_the_error_of_readiness_is_detected() {
    assert_breaks_only(contract_of(ReplacesReadyError), Rule::ReadyErrorKept).await;
}
