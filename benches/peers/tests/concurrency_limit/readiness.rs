use std::future::poll_fn;

use battlement_concurrency_limit::{ConcurrencyLimitLayer, judge_error};
use battlement_testkit::probe::{Gate, Probe, ProbeBody};
use futures_util::FutureExt as _;
use http::Request;
use tower::{
    Layer as _, Service, ServiceExt as _, limit::ConcurrencyLimitLayer as TowerLayer,
    load_shed::LoadShed, service_fn,
};

use crate::{aimd, answers, bulkhead};

/// Returns whether a service is ready while another clone of it is ready and not called.
async fn is_ready_beside_an_idle_clone<S: Service<()> + Clone>(service: S) -> bool {
    let (mut idle, mut other) = (service.clone(), service);
    assert!(idle.ready().await.is_ok());
    other.ready().now_or_never().is_some_and(|ready| ready.is_ok())
}

#[tokio::test]
async fn an_idle_clone_that_is_ready_holds_a_permit_of_tower_and_of_the_adaptive_peer() {
    let service = service_fn(answers);
    assert!(!is_ready_beside_an_idle_clone(TowerLayer::new(1).layer(service)).await);
    assert!(!is_ready_beside_an_idle_clone(aimd(1).layer(service)).await);
    let waiting = bulkhead(1).backpressure().build().unwrap();
    assert!(!is_ready_beside_an_idle_clone(waiting.layer(service)).await);
    let rejecting = bulkhead(1).reject_when_full().build().unwrap();
    assert!(is_ready_beside_an_idle_clone(rejecting.layer(service)).await);

    let ours = ConcurrencyLimitLayer::fixed(1).judge(judge_error).as_error();
    assert!(is_ready_beside_an_idle_clone(ours.layer(service)).await);
}

/// Creates a service that is not ready.
fn waits() -> Probe {
    let probe = Probe::new();
    probe.ready_when(&Gate::new());
    probe
}

#[tokio::test]
async fn load_shed_rejects_calls_of_a_service_that_is_not_ready_although_the_limit_is_free() {
    let limited = TowerLayer::new(10).layer(waits());
    let rejected = LoadShed::new(limited).oneshot(Request::new(ProbeBody::empty()));
    let error = rejected.await.unwrap_err();
    assert!(error.is::<tower::load_shed::error::Overloaded>());
    let rejected = LoadShed::new(aimd(10).layer(waits())).oneshot(Request::new(ProbeBody::empty()));
    let error = rejected.await.unwrap_err();
    assert!(error.is::<tower::load_shed::error::Overloaded>());

    let mut ours = ConcurrencyLimitLayer::fixed(10).layer(waits());
    let ready = poll_fn(|cx| Service::<Request<ProbeBody>>::poll_ready(&mut ours, cx));
    assert!(ready.now_or_never().is_none());
}

/// Returns whether a service is ready while a clone of it waits for the service inside.
fn is_ready_beside_a_waiting_clone<S>(limited: impl FnOnce(Probe) -> S) -> bool
where
    S: Service<Request<ProbeBody>> + Clone,
{
    let (gate, probe) = (Gate::new(), Probe::new());
    probe.ready_when(&gate);
    let service = limited(probe);
    let (mut waiting, mut other) = (service.clone(), service);
    assert!(waiting.ready().now_or_never().is_none());
    gate.open();
    other.ready().now_or_never().is_some_and(|ready| ready.is_ok())
}

#[tokio::test]
async fn a_clone_that_waits_for_the_service_holds_a_permit_of_tower_and_of_the_adaptive_peer() {
    assert!(!is_ready_beside_a_waiting_clone(|probe| TowerLayer::new(1).layer(probe)));
    assert!(!is_ready_beside_a_waiting_clone(|probe| aimd(1).layer(probe)));
    let rejecting = bulkhead(1).reject_when_full().build().unwrap();
    assert!(is_ready_beside_a_waiting_clone(|probe| rejecting.layer(probe)));
    let ours = ConcurrencyLimitLayer::fixed(1);
    assert!(is_ready_beside_a_waiting_clone(|probe| ours.layer(probe)));
}
