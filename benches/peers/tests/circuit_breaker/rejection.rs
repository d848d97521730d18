use std::{
    error::Error as _,
    future::Ready,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use battlement_circuit_breaker::Trip;
use futures_util::FutureExt as _;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::CircuitBreakerError;

use crate::{
    Call, Error, FAILURES, Outcome, fails,
    peers::{builder, seatbelt},
    succeeds,
};

#[tokio::test]
async fn tower_resiliences_rejection_does_not_say_when_to_come_back() {
    let (layer, handle) = builder(1).build_with_handle().unwrap();
    handle.force_open().await;
    let mut service = layer.layer(service_fn(|call: Call| call));
    let error = service.ready().await.unwrap().call(succeeds()).await.unwrap_err();
    assert_eq!(error.to_string(), "circuit is open; call not permitted");
    assert!(error.source().is_none());

    handle.force_closed().await;
    let error = service.ready().await.unwrap().call(fails()).await.unwrap_err();
    assert!(matches!(error, CircuitBreakerError::Inner(Error::Broken)) && error.source().is_none());
}

/// A service that fails, and is not ready while the flag is set.
#[derive(Clone, Default)]
struct Busy(Arc<AtomicBool>);

impl Service<Call> for Busy {
    type Response = ();
    type Error = Error;
    type Future = Ready<Outcome>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Outcome> {
        if self.0.load(SeqCst) { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn call(&mut self, _: Call) -> Self::Future {
        std::future::ready(Err(Error::Broken))
    }
}

/// Returns whether an open breaker is ready while its service is not.
async fn is_ready<S: Service<Call>>(mut service: S, busy: &AtomicBool) -> bool {
    for _ in 0..=FAILURES {
        assert!(service.ready().await.is_ok());
        assert!(service.call(fails()).await.is_err());
    }
    busy.store(true, SeqCst);
    service.ready().now_or_never().is_some()
}

#[tokio::test]
async fn seatbelt_waits_for_a_service_that_is_not_ready_although_it_is_open() {
    let (layer, busy) = (seatbelt().0.min_throughput(FAILURES), Busy::default());
    assert!(!is_ready(layer.layer(busy.clone()), &busy.0).await);
    let (layer, busy) = (builder(1).build().unwrap(), Busy::default());
    assert!(is_ready(layer.layer(busy.clone()), &busy.0).await);
}

#[tokio::test]
async fn ours_is_ready_while_it_is_open() {
    let busy = Busy::default();
    assert!(
        is_ready(
            crate::ours::default_of_ours().trip(Trip::consecutive(FAILURES)).layer(busy.clone()),
            &busy.0
        )
        .await
    );
}

/// Makes a call whose future holds a kilobyte.
async fn large(_: Call) -> Outcome {
    let held = std::hint::black_box([0_u8; 1024]);
    tokio::task::yield_now().await;
    if held[0] == 0 { Ok(()) } else { Err(Error::Broken) }
}

#[tokio::test]
async fn tower_resilience_and_seatbelt_box_each_call() {
    let boxed = size_of::<Box<dyn Future<Output = ()>>>();
    let mut service = builder(1).build().unwrap().layer(service_fn(large));
    assert_eq!(size_of_val(&service.call(succeeds())), boxed);
    let mut service = seatbelt().0.layer(service_fn(large));
    assert_eq!(size_of_val(&service.call(succeeds())), boxed);
}
