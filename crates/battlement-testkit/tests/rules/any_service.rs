//! Layers around services that have nothing to do with HTTP.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use battlement_testkit::{
    contract::{AnyService, Contract, Local, Rule},
    probe::{CallProbe, ProbeError},
};
use tokio::sync::Semaphore;
use tower::{
    BoxError, Layer, Service, ServiceExt as _,
    layer::{layer_fn, util::Identity},
    limit::GlobalConcurrencyLimitLayer,
    util::{MapErrLayer, MapRequestLayer, MapResponseLayer},
};

use crate::{
    assert_breaks, assert_breaks_only,
    polling::{Polling, after_completion, twice, without_waker},
    unready::{CloneInCall, CopiesReadiness, ReplacesReadyError, WaitsInside},
};

/// A query of a database.
#[derive(Debug, PartialEq)]
pub(crate) struct Query(u64);

/// The rows that a query returns.
pub(crate) type Rows = Vec<u64>;

pub(crate) type Database = CallProbe<Query, Rows>;

pub(crate) fn query() -> Query {
    Query(7)
}

pub(crate) fn rows() -> Rows {
    vec![1, 2, 3]
}

fn contract_of<S>(
    wrap: fn(Database) -> S,
) -> Contract<impl Layer<Database, Service = S>, AnyService>
where
    S: Service<Query, Response = Rows, Error = ProbeError> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    Contract::of_service(move || layer_fn(wrap), query, rows())
}

/// A layer that passes every call through.
#[derive(Clone)]
struct PassThrough<S>(S);

impl<Q, S: Service<Q>> Service<Q> for PassThrough<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> S::Future {
        self.0.call(request)
    }
}

#[tokio::test]
async fn a_plain_pass_through_layer_satisfies_every_rule() {
    contract_of(PassThrough).run().await;
    Contract::of_service(Identity::new, || "a request", "a response").run().await;
    Contract::of_service(Identity::new, || (), ()).run().await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_of_any_service_also_runs_with_paused_time() {
    contract_of(PassThrough).run().await;
}

#[tokio::test]
async fn a_plain_layer_wraps_a_service_that_is_neither_clone_nor_send_and_borrows() {
    let local = Local::new();
    local.call(PassThrough(local.call_service())).await.unwrap();
    assert_eq!(local.calls(), 1);
}

#[tokio::test]
async fn a_rule_about_http_is_not_checked_without_http_and_fails_if_checked_alone() {
    let contract = contract_of(PassThrough);
    assert_eq!(contract.violations().await, []);
    let violation = contract.check(Rule::BodyEnds).await.unwrap_err();
    assert_eq!(violation.message(), "the rule applies to HTTP services alone");
}

#[tokio::test]
async fn a_contract_of_any_service_extracts_the_inner_error_from_the_layers_own_type() {
    let boxing = || MapErrLayer::new(|error: ProbeError| BoxError::from(error));
    let extract = |error: BoxError| error.downcast().ok().map(|error| *error);
    Contract::of_service_with_errors(boxing, query, rows(), extract).run().await;
}

#[tokio::test]
async fn a_plain_layer_that_calls_a_clone_without_readiness_is_detected() {
    assert_breaks_only(contract_of(CloneInCall), Rule::ReadySpentOnce).await;
}

#[tokio::test]
async fn a_plain_layer_that_is_ready_before_its_service_is_detected() {
    contract_of(WaitsInside).waits_inside().run().await;
    let contract = contract_of(WaitsInside).except(Rule::ReadyErrorKept);
    assert_breaks_only(contract, Rule::Backpressure).await;
}

#[tokio::test]
async fn a_plain_layer_that_takes_its_permit_in_poll_ready_is_detected() {
    let make = || GlobalConcurrencyLimitLayer::with_semaphore(Arc::new(Semaphore::new(4)));
    let contract = Contract::of_service(make, query, rows());
    assert_breaks_only(contract, Rule::NothingReserved).await;
}

#[tokio::test]
async fn a_plain_layer_whose_clone_inherits_readiness_is_detected() {
    assert_breaks_only(contract_of(CopiesReadiness::around), Rule::CloneStartsUnready).await;
}

#[tokio::test]
async fn a_plain_layer_that_replaces_the_error_of_readiness_is_detected() {
    assert_breaks_only(contract_of(ReplacesReadyError), Rule::ReadyErrorKept).await;
}

#[tokio::test]
async fn a_plain_layer_that_replaces_the_error_of_a_call_is_detected() {
    let another = |inner: Database| {
        inner.then(|outcome| async { outcome.map_err(|_: ProbeError| ProbeError::new("another")) })
    };
    assert_breaks_only(contract_of(another), Rule::CallErrorKept).await;
}

#[tokio::test]
async fn a_plain_layer_that_changes_the_request_is_detected() {
    let make = || MapRequestLayer::new(|Query(id)| Query(id + 1));
    let contract = Contract::of_service(make, query, rows());
    assert_breaks_only(contract, Rule::RequestPasses).await;
}

#[tokio::test]
async fn a_plain_layer_that_changes_the_response_is_detected() {
    let make = || MapResponseLayer::new(|rows: Rows| rows.into_iter().rev().collect::<Rows>());
    let contract = Contract::of_service(make, query, rows());
    assert_breaks_only(contract, Rule::ResponsePasses).await;
}

#[tokio::test]
async fn a_plain_layer_that_does_not_pass_the_callers_waker_is_detected() {
    let contract = contract_of(|inner| Polling { inner, poll: without_waker });
    assert_breaks_only(contract, Rule::WakesPropagate).await;
}

#[tokio::test]
async fn a_plain_layer_that_polls_more_often_than_its_caller_is_detected() {
    let contract = contract_of(|inner| Polling { inner, poll: twice });
    assert_breaks_only(contract, Rule::PolledOnDemand).await;
    let contract = contract_of(|inner| Polling { inner, poll: after_completion });
    assert_breaks_only(contract, Rule::PolledOnDemand).await;
}

/// The owner of a count of calls.
#[derive(Clone, Copy, PartialEq)]
enum Owner {
    Layer,
    Application,
    Clone,
}

/// Fails calls after the first seven.
#[derive(Clone)]
struct Quota {
    calls: Arc<AtomicU64>,
    owner: Owner,
}

impl Quota {
    fn or_new_for(&self, owner: Owner) -> Self {
        let calls = if self.owner == owner { Arc::default() } else { self.calls.clone() };
        Self { calls, owner: self.owner }
    }
}

impl<S> Layer<S> for Quota {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner, quota: self.or_new_for(Owner::Application) }
    }
}

struct Limited<S> {
    inner: S,
    quota: Quota,
}

impl<S: Clone> Clone for Limited<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), quota: self.quota.or_new_for(Owner::Clone) }
    }
}

impl<Q, S> Service<Q> for Limited<S>
where
    S: Service<Q, Error = ProbeError, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = ProbeError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, ProbeError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let earlier = self.quota.calls.fetch_add(1, SeqCst);
        let call = self.inner.call(request);
        Box::pin(async move {
            let response = call.await?;
            if earlier < 7 { Ok(response) } else { Err(ProbeError::new("over quota")) }
        })
    }
}

fn counted_by(owner: Owner) -> Contract<Quota, AnyService> {
    Contract::of_service(move || Quota { calls: Arc::default(), owner }, query, rows())
}

#[tokio::test]
async fn a_plain_layer_that_counts_separately_in_each_service_is_detected() {
    assert_breaks(counted_by(Owner::Layer), &[]).await;
    assert_breaks_only(counted_by(Owner::Clone), Rule::ClonedPerConnection).await;
    assert_breaks_only(counted_by(Owner::Application), Rule::AppliedPerRequest).await;
}
