//! The breaker among other layers of a client.

use std::{sync::Arc, time::Duration};

use battlement::{
    circuit_breaker::{FallbackLayer, FallbackMark, OpenFor, State},
    retry::RetryLayer,
};
use battlement_core::{Answer, Caller, Rejection, RejectionKind, ResponseBody};
use battlement_testkit::upstream::{BODY, Behavior, Upstream};
use bytes::Bytes;
use futures_util::future::join_all;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use tokio::{sync::Semaphore, time::Instant};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::stack::{
    Call, DEADLINE, FAILURES, Mode, OPEN_FOR, Outcome, Service, Stack, breaker, call, client,
    timeout,
};

#[tokio::test]
async fn a_timeout_of_a_try_inside_the_breaker_opens_it() {
    let stack = Stack::start(false).await;
    stack.mode.set(Behavior::Hang);
    assert_eq!(stack.open().await, FAILURES);
    let counts = stack.handle.snapshot().cause.unwrap();
    assert_eq!((counts.timeout, counts.failures()), (FAILURES as u64, FAILURES as u64));
    // The timeout is a failure of the upstream for the breaker alone.
    assert_eq!(stack.call().await, Outcome::Rejected);
}

/// Creates a bulkhead with one place, which rejects further calls.
fn bulkhead(mode: &Mode) -> Service {
    let (places, client, mode) = (Arc::new(Semaphore::new(1)), client(false), mode.clone());
    let limited = service_fn(move |mut request: Call| {
        let place = Arc::clone(&places).try_acquire_owned();
        let client = client.clone();
        request.headers_mut().insert(Behavior::HEADER, mode.get().into());
        async move {
            let Ok(_place) = place else {
                let rejection = Rejection::new(RejectionKind::Overloaded);
                return Ok(Answer::new(rejection).response(Caller::of(&request)));
            };
            let response: Response<Incoming> = client.oneshot(request).await?;
            Ok::<_, legacy::Error>(response.map(ResponseBody::inner))
        }
    });
    Service::new(limited.map_response(|response| response.map(BodyExt::boxed_unsync)))
}

#[tokio::test]
async fn a_rejection_of_a_bulkhead_inside_the_breaker_does_not_open_it() {
    let (upstream, mode) = (Upstream::start().await.unwrap(), Mode::default());
    mode.set(Behavior::Late(Duration::from_millis(50)));
    let (breaker, handle) = breaker().pair();
    let service = breaker.layer(bulkhead(&mode));
    let service = service.map_response(|response| response.map(BodyExt::boxed_unsync));
    let service = Service::new(service);
    let request = || Request::get(upstream.url("/")).body(Full::default()).unwrap();
    let outcomes = join_all((0..100).map(|_| call(service.clone(), request()))).await;
    let answered = outcomes.iter().filter(|outcome| **outcome == Outcome::Answered).count();
    assert_eq!((answered, outcomes.contains(&Outcome::Rejected)), (1, false));
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.state, snapshot.counts.failures()), (State::Closed, 0));
    assert_eq!((snapshot.counts.success, snapshot.consecutive_failures), (1, 0));
}

#[tokio::test]
async fn a_rejection_ends_a_retry_outside_the_breaker_at_once() {
    let upstream = Upstream::start().await.unwrap();
    let (breaker, handle) = breaker().pair();
    let service = RetryLayer::http().layer(breaker.layer(client(false)));
    handle.force_open();
    let request = Request::get(upstream.url("/")).body(Full::<Bytes>::default()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(handle.snapshot().rejections, 1);
    assert_eq!(upstream.counts().received, 0);
}

#[tokio::test]
async fn the_fallback_answers_while_the_breaker_is_open_and_the_upstream_afterwards() {
    let mut upstream = Upstream::start().await.unwrap();
    let url = upstream.url("/");
    let (breaker, _handle) = breaker().open_for(OpenFor::fixed(OPEN_FOR / 20)).pair();
    let retried = RetryLayer::http().layer(breaker.layer(timeout().layer(client(false))));
    let service = FallbackLayer::value(Response::new("cached")).layer(retried);
    let call = async || {
        let request = Request::get(&url).body(Full::<Bytes>::default()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let reason = FallbackMark::of(&response).map(FallbackMark::reason);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, if reason.is_some() { "cached" } else { BODY });
        reason
    };
    assert_eq!(call().await, None);

    upstream.refuse().await.unwrap();
    assert_eq!(call().await, Some("not_processed"));
    let end = Instant::now() + DEADLINE;
    while call().await != Some("circuit_open") {
        assert!(Instant::now() < end);
    }
    upstream.accept().unwrap();
    while let Some(reason) = call().await {
        assert!(Instant::now() < end, "{reason}");
    }
}
