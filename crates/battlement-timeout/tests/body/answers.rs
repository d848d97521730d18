use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use battlement_core::{DropReason, RequestFacts, within};
use battlement_timeout::{
    BodyLimits, BodyTimeoutLayer, Elapsed, ElapsedKind, Rejection, RejectionKind, TimeoutBody,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, Version};
use http_body_util::{BodyExt as _, Full};
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::drip::{Drip, Expiries, assert_elapsed, count_bytes, ms};

type Upload = Request<TimeoutBody<Drip>>;

fn limited() -> BodyTimeoutLayer {
    let second = ms(1000);
    BodyTimeoutLayer::new().request(BodyLimits::new().first_byte(second).idle(second))
}

fn stalled(version: Version) -> Request<Drip> {
    Request::post("/").version(version).body(Drip::never()).unwrap()
}

fn status(status: u16) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::builder().status(status).body(Full::default()).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_stalled_request_body_is_answered_with_408_and_closes_an_http1_connection() {
    let versions = [(Version::HTTP_10, true), (Version::HTTP_11, true), (Version::HTTP_2, false)];
    for (version, closes) in versions {
        let service = limited().layer(service_fn(count_bytes));
        let response = service.oneshot(stalled(version)).await.unwrap();
        assert_eq!(response.status(), 408);
        assert_eq!(response.headers().contains_key("connection"), closes, "{version:?}");
        let rejection = response.extensions().get().map(|rejection: &Rejection| rejection.kind());
        assert_eq!(rejection, Some(RejectionKind::Timeout));
        let problem = response.into_body().collect().await.unwrap().to_bytes();
        let problem: serde_json::Value = serde_json::from_slice(&problem).unwrap();
        assert_eq!(problem["code"], "timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_below_400_of_a_handler_that_did_without_the_body_is_kept() {
    for (answered, expected) in [(200, 200), (202, 202), (303, 303), (400, 408), (500, 408)] {
        let service = limited().layer(service_fn(move |request: Upload| async move {
            assert!(request.into_body().collect().await.is_err());
            status(answered)
        }));
        let response = service.oneshot(stalled(Version::HTTP_11)).await.unwrap();
        assert_eq!(response.status(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_fails_because_of_the_body_is_answered_for() {
    let service = limited().layer(service_fn(async |request: Upload| {
        match request.into_body().collect().await {
            Ok(_) => Ok(Response::new(Full::<Bytes>::default())),
            Err(error) => Err(io::Error::other(error)),
        }
    }));
    let response = service.oneshot(stalled(Version::HTTP_11)).await.unwrap();
    assert_eq!(response.status(), 408);
}

/// Records the reason for which it is dropped, and whether the request's facts are current.
struct Guard(Arc<Mutex<Vec<Dropped>>>);

type Dropped = (Option<DropReason>, bool);

impl Drop for Guard {
    fn drop(&mut self) {
        let facts = RequestFacts::current().is_some();
        self.0.lock().unwrap().push((DropReason::current(), facts));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_goes_on_without_its_body_is_dropped_at_once_with_reason_and_facts() {
    let (start, dropped) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
    let guard = Guard(Arc::clone(&dropped));
    let guard = Mutex::new(Some(guard));
    let service = limited().layer(service_fn(|request: Upload| {
        let guard = guard.lock().unwrap().take();
        async move {
            let _guard = guard;
            let _ = request.into_body().collect().await;
            std::future::pending::<()>().await;
            status(200)
        }
    }));
    let mut request = stalled(Version::HTTP_11);
    RequestFacts::of_or_start(&mut request);
    assert_eq!(service.oneshot(request).await.unwrap().status(), 408);
    assert_eq!(start.elapsed(), ms(1000));
    assert_eq!(*dropped.lock().unwrap(), [(Some(DropReason::Timeout), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_response_body_is_dropped_at_once_with_reason_and_facts() {
    let dropped = Arc::new(Mutex::new(Vec::new()));
    let body = Mutex::new(Some(Guard(Arc::clone(&dropped))));
    let limits = BodyLimits::new().first_byte(ms(1000));
    let service = BodyTimeoutLayer::new().response(limits).layer(service_fn(|_: Upload| {
        let guard = body.lock().unwrap().take();
        let body = Drip::never().map_frame(move |frame| {
            let _ = &guard;
            frame
        });
        std::future::ready(Ok::<_, Infallible>(Response::new(body)))
    }));
    let mut request = Request::new(Drip::default());
    let mut facts = Some(RequestFacts::of_or_start(&mut request));
    let mut body = service.oneshot(request).await.unwrap().into_body();
    let error = body.frame().await.unwrap().unwrap_err();
    assert_elapsed(&error, ElapsedKind::ResponseBody);
    assert_eq!(Rejection::find(error.as_ref()).map(Rejection::kind), Some(RejectionKind::Timeout));
    // The reader still holds the body.
    assert_eq!(*dropped.lock().unwrap(), [(Some(DropReason::Timeout), true)]);
    within(&mut facts, || drop(body));
    assert_eq!(dropped.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_another_task_reads_fails_there_and_the_answer_is_kept() {
    let service = limited().layer(service_fn(async |request: Upload| {
        let read = tokio::spawn(request.into_body().collect());
        assert_elapsed(&read.await.unwrap().unwrap_err(), ElapsedKind::RequestBody);
        status(502)
    }));
    let response = service.oneshot(stalled(Version::HTTP_11)).await.unwrap();
    assert_eq!(response.status(), 502);
}

#[tokio::test(start_paused = true)]
async fn the_layer_whose_limit_was_exceeded_answers_if_two_are_applied() {
    // The inner layer would wait for longer, and passes on what its service answers.
    let inner = BodyTimeoutLayer::new().request(BodyLimits::new().first_byte(ms(60_000)));
    let expiries = Arc::new(Expiries::default());
    let service =
        limited().observe(Arc::clone(&expiries)).layer(inner.layer(service_fn(count_bytes)));
    let response = service.oneshot(stalled(Version::HTTP_11)).await.unwrap();
    assert_eq!((response.status().as_u16(), expiries.count()), (408, 1));
}

#[tokio::test(start_paused = true)]
async fn an_expired_request_body_is_an_error_if_asked_for() {
    let service = limited().as_error().layer(service_fn(count_bytes));
    let error = service.oneshot(stalled(Version::HTTP_11)).await.unwrap_err();
    assert_elapsed(&error, ElapsedKind::RequestBody);
    assert_eq!(error.downcast_ref::<Elapsed>().map(Elapsed::after), Some(ms(1000)));
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_limits_nothing() {
    let service = limited().enabled(false).layer(service_fn(count_bytes));
    let request = Request::post("/").body(Drip::bytes(&[5_000_000])).unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), StatusCode::OK);
}
