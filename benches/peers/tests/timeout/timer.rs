use std::{
    convert::Infallible,
    future::{Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
    time::Duration,
};

use battlement_timeout::{Elapsed, TimeoutLayer};
use futures_util::FutureExt as _;
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::time::{sleep, timeout};
use tower::{Layer as _, Service, ServiceExt as _, service_fn, timeout::Timeout};
use tower_http::timeout::TimeoutLayer as HttpTimeoutLayer;
use tower_resilience_timelimiter::TimeLimiterLayer;

use crate::{Answer, HOUR, LIMIT, of_seatbelt};

const STATUS: StatusCode = StatusCode::GATEWAY_TIMEOUT;

fn at_once(_: Request<()>) -> Ready<Answer> {
    ready(Ok(http::Response::new(Full::default())))
}

#[test]
fn tower_and_tower_http_create_a_timer_for_a_service_that_is_ready_at_once() {
    // Outside of a runtime there are no timers.
    let service = service_fn(at_once);
    let panics = |call: &dyn Fn()| catch_unwind(AssertUnwindSafe(call)).is_err();
    assert!(panics(&|| drop(Timeout::new(service, LIMIT).call(Request::new(())))));
    let of_http = HttpTimeoutLayer::with_status_code(STATUS, LIMIT).layer(service);
    assert!(panics(&|| drop({ of_http }.call(Request::new(())))));

    let mut ours = TimeoutLayer::new(LIMIT).layer(service);
    let answer = ours.call(Request::new(())).now_or_never().unwrap().unwrap();
    assert_eq!(answer.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn tower_http_polls_its_timer_before_the_service() {
    let service = service_fn(at_once);
    let of_http = HttpTimeoutLayer::with_status_code(STATUS, Duration::ZERO).layer(service);
    assert_eq!(of_http.oneshot(Request::new(())).await.unwrap().status(), STATUS);

    let of_tower = Timeout::new(service, Duration::ZERO);
    assert_eq!(of_tower.oneshot(Request::new(())).await.unwrap().status(), 200);
    let ours = TimeoutLayer::by(|_: &Request<()>| Some(Duration::ZERO)).layer(service);
    assert_eq!(ours.oneshot(Request::new(())).await.unwrap().status(), 200);
}

#[tokio::test(start_paused = true)]
async fn tower_http_discards_a_response_that_is_ready_on_the_tick_of_the_limit() {
    let service = service_fn(async |request: Request<()>| {
        sleep(LIMIT).await;
        at_once(request).await
    });
    let of_http = HttpTimeoutLayer::with_status_code(STATUS, LIMIT).layer(service);
    assert_eq!(of_http.oneshot(Request::new(())).await.unwrap().status(), STATUS);

    assert!(Timeout::new(service, LIMIT).oneshot(Request::new(())).await.is_ok());
    let limiter = TimeLimiterLayer::builder().timeout_duration(LIMIT).build();
    assert!(limiter.layer(service).oneshot(Request::new(())).await.is_ok());
    let ours = TimeoutLayer::new(LIMIT).layer(service);
    assert_eq!(ours.oneshot(Request::new(())).await.unwrap().status(), 200);
}

/// A service that never becomes ready.
#[derive(Clone, Copy)]
struct Busy;

impl<Req> Service<Req> for Busy {
    type Response = http::Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<http::Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Req) -> Self::Future {
        ready(Ok(http::Response::new(())))
    }
}

#[tokio::test(start_paused = true)]
async fn ours_can_include_the_wait_for_readiness() {
    assert!(timeout(HOUR, Timeout::new(Busy, LIMIT).oneshot(())).await.is_err());
    let limiter = TimeLimiterLayer::builder().timeout_duration(LIMIT).build();
    assert!(timeout(HOUR, limiter.layer(Busy).oneshot(())).await.is_err());
    let of_http = HttpTimeoutLayer::with_status_code(STATUS, LIMIT);
    assert!(timeout(HOUR, of_http.layer(Busy).oneshot(Request::new(()))).await.is_err());

    let ours = TimeoutLayer::new(LIMIT).as_error().include_ready().layer(Busy);
    let error = timeout(HOUR, ours.oneshot(())).await.unwrap().unwrap_err();
    assert!(error.is::<Elapsed>());
}

#[tokio::test]
async fn seatbelt_waits_for_readiness_outside_of_its_limit() {
    let wait = of_seatbelt().layer(Busy).oneshot(Request::new(()));
    assert!(timeout(3 * LIMIT, wait).await.is_err());
}
