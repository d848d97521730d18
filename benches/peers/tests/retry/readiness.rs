use std::time::Duration;

use battlement_testkit::probe::{Gate, Misuse, Probe, ProbeError, Reply};
use tokio::time::timeout;
use tower::{Layer as _, Service, ServiceExt as _, limit::ConcurrencyLimit};

use crate::{
    BROKEN, Call, get,
    ours::ours,
    peers::{of_seatbelt, of_tower, of_tower_resilience},
};

const CLOSED: ProbeError = ProbeError::new("the service is closed");

/// Calls a service that fails, and whose readiness fails from then on.
async fn call_then_close<S>(mut service: S, probe: &Probe) -> ProbeError
where
    S: Service<Call, Response: std::fmt::Debug, Error = ProbeError>,
{
    probe.always(Reply::error(BROKEN));
    let call = service.ready().await.unwrap().call(get());
    probe.fail_readiness(CLOSED);
    call.await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn an_error_of_readiness_ends_the_retry_of_tower_and_tower_resilience() {
    let probe = Probe::new();
    assert_eq!(call_then_close(of_tower(probe.clone()), &probe).await, CLOSED);
    assert_eq!((probe.counts().calls, probe.counts().readiness_polls), (1, 2));

    let probe = Probe::new();
    let service = of_tower_resilience().build().layer(probe.clone());
    assert_eq!(call_then_close(service, &probe).await, CLOSED);
    assert_eq!((probe.counts().calls, probe.counts().readiness_polls), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_readiness_is_an_attempt_that_ours_repeats() {
    let probe = Probe::new();
    assert_eq!(call_then_close(ours().layer(probe.clone()), &probe).await, CLOSED);
    assert_eq!((probe.counts().calls, probe.counts().readiness_polls), (1, 3));
}

/// Returns whether the failure of a call comes back although the service is not ready for another one.
async fn comes_back<S>(mut service: S, probe: &Probe) -> bool
where
    S: Service<Call, Error = ProbeError>,
{
    probe.always(Reply::error(BROKEN));
    let call = service.ready().await.unwrap().call(get());
    probe.ready_when(&Gate::new());
    timeout(Duration::from_secs(60), call).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn tower_and_tower_resilience_wait_for_a_service_that_is_not_ready() {
    let probe = Probe::new();
    assert!(!comes_back(of_tower(probe.clone()), &probe).await);
    let probe = Probe::new();
    assert!(!comes_back(of_tower_resilience().build().layer(probe.clone()), &probe).await);
    let probe = Probe::new();
    assert!(comes_back(ours().layer(probe.clone()), &probe).await);
}

#[tokio::test]
async fn seatbelt_calls_a_service_that_was_not_polled_ready() {
    let probe = Probe::new();
    of_seatbelt().layer(probe.clone()).oneshot(get()).await.unwrap();
    assert_eq!(probe.misuses(), [Misuse::CallWithoutReadiness]);

    let probe = Probe::new();
    of_tower(probe.clone()).oneshot(get()).await.unwrap();
    of_tower_resilience().build().layer(probe.clone()).oneshot(get()).await.unwrap();
    ours().layer(probe.clone()).oneshot(get()).await.unwrap();
    assert_eq!(probe.misuses(), []);
}

#[tokio::test]
#[should_panic = "poll_ready must be called first"]
async fn towers_concurrency_limit_panics_inside_of_seatbelts_retry() {
    let limited = ConcurrencyLimit::new(Probe::new(), 10);
    let _ = of_seatbelt().layer(limited).oneshot(get()).await;
}
