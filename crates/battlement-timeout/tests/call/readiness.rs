use std::{
    convert::Infallible,
    future::{Ready, pending, poll_fn, ready},
    task::{Context, Poll},
    time::Duration,
};

use battlement_timeout::{Elapsed, TimeoutLayer};
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimitLayer, service_fn};

const LIMIT: Duration = Duration::from_millis(50);

/// A service that is never ready.
#[derive(Clone)]
struct NeverReady;

impl Service<()> for NeverReady {
    type Response = ();
    type Error = Infallible;
    type Future = Ready<Result<(), Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("the service is not ready")
    }
}

/// A service whose readiness has failed.
#[derive(Clone)]
struct Failed;

impl Service<()> for Failed {
    type Response = ();
    type Error = std::io::Error;
    type Future = Ready<Result<(), std::io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), std::io::Error>> {
        Poll::Ready(Err(std::io::ErrorKind::NotConnected.into()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_never_ready_ends_at_the_limit() {
    let mut service = TimeoutLayer::new(LIMIT).as_error().include_ready().layer(NeverReady);
    assert!(poll_fn(|cx| service.poll_ready(cx)).await.is_ok());
    let start = Instant::now();
    let error = service.call(()).await.unwrap_err();
    assert!(error.is::<Elapsed>());
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn without_include_ready_the_wait_for_readiness_is_not_limited() {
    let mut service = TimeoutLayer::new(LIMIT).as_error().layer(NeverReady);
    let wait = poll_fn(|cx| service.poll_ready(cx));
    assert!(tokio::time::timeout(100 * LIMIT, wait).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_permit_counts_and_an_expired_wait_takes_none() {
    let one = ConcurrencyLimitLayer::new(1);
    let hang = service_fn(async |(): ()| pending::<Result<(), Infallible>>().await);
    let service = TimeoutLayer::new(LIMIT).as_error().include_ready().layer(one.layer(hang));
    let first = tokio::spawn(service.clone().oneshot(()));
    tokio::task::yield_now().await;
    let second = service.clone().oneshot(()).await;
    assert!(second.unwrap_err().is::<Elapsed>());
    assert!(first.await.unwrap().unwrap_err().is::<Elapsed>());
    let third = tokio::spawn(service.oneshot(()));
    assert!(third.await.unwrap().unwrap_err().is::<Elapsed>());
}

#[tokio::test(start_paused = true)]
async fn an_error_of_readiness_is_returned_by_the_call() {
    let mut service = TimeoutLayer::new(LIMIT).as_error().include_ready().layer(Failed);
    assert!(poll_fn(|cx| service.poll_ready(cx)).await.is_ok());
    let error = service.call(()).await.unwrap_err();
    assert_eq!(
        error.downcast::<std::io::Error>().unwrap().kind(),
        std::io::ErrorKind::NotConnected
    );
}
