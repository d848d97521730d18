use std::{convert::Infallible, future::pending, time::Duration};

use battlement_core::{CallFacts, Deadline, Rejection, RejectionKind};
use battlement_timeout::{CallDeadlineLayer, DeadlineLayer, Elapsed, ElapsedKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};

use crate::served::MS;

/// Makes a call that hangs, `within` a deadline or none, and returns its error and the time that it took.
async fn call(layer: &CallDeadlineLayer, within: Option<Duration>) -> (Elapsed, Duration) {
    let hang = service_fn(async |(): ()| pending::<Result<(), Infallible>>().await);
    let start = Instant::now();
    let mut call = Box::pin(layer.clone().as_error().layer(hang).oneshot(()));
    let deadline = within.map(|time| Deadline::after(start, time));
    let result = std::future::poll_fn(|cx| match deadline {
        Some(deadline) => deadline.within(|| call.as_mut().poll(cx)),
        None => call.as_mut().poll(cx),
    });
    let error = result.await.unwrap_err();
    (*error.downcast().unwrap(), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_own_limit_or_at_the_deadline_of_its_request() {
    let layer = DeadlineLayer::client(2_000 * MS);
    for (within, kind, took) in [
        (None, ElapsedKind::Total, 2_000),
        (Some(5_000), ElapsedKind::Total, 2_000),
        (Some(300), ElapsedKind::Deadline, 300),
    ] {
        let (elapsed, after) = call(&layer, within.map(|within| within * MS)).await;
        assert_eq!((elapsed.kind(), after), (kind, took * MS));
    }
}

#[tokio::test(start_paused = true)]
async fn a_detached_call_keeps_its_own_limit() {
    let layer = CallDeadlineLayer::new(2_000 * MS).detached();
    let (elapsed, took) = call(&layer, Some(300 * MS)).await;
    assert_eq!((elapsed.kind(), took), (ElapsedKind::Total, 2_000 * MS));
    assert_eq!(call(&layer, Some(Duration::ZERO)).await.1, 2_000 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_call_with_no_time_left_is_not_made() {
    let (elapsed, took) = call(&CallDeadlineLayer::new(2_000 * MS), Some(Duration::ZERO)).await;
    assert_eq!((elapsed.kind(), took), (ElapsedKind::NoTimeLeft, Duration::ZERO));
    assert_eq!(Rejection::find(&elapsed).unwrap().kind(), RejectionKind::DeadlineExceeded);
}

/// Returns the deadlines that the service of a call sees: in the facts of the call, and while it works.
async fn seen(layer: &CallDeadlineLayer) -> [Option<Deadline>; 3] {
    let work = service_fn(async |request: Request<()>| {
        let (in_facts, of_call) = (CallFacts::of(&request).deadline(), Deadline::of(&request));
        sleep(MS).await;
        let mut response = Response::new(Full::<Bytes>::default());
        response.extensions_mut().insert([in_facts, of_call, Deadline::current()]);
        Ok::<_, Infallible>(response)
    });
    let response = layer.layer(work).oneshot(Request::new(())).await.unwrap();
    *response.extensions().get().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_call_stands_in_its_facts_and_is_current_while_it_works() {
    let deadline = Some(Deadline::after(Instant::now(), 2_000 * MS));
    for layer in [CallDeadlineLayer::new(2_000 * MS), CallDeadlineLayer::new(2_000 * MS).detached()]
    {
        let start = Instant::now();
        let expected = Some(Deadline::after(start, 2_000 * MS));
        assert_eq!(seen(&layer).await, [expected; 3]);
    }
    assert!(deadline < Some(Deadline::after(Instant::now(), 2_000 * MS)));
}

#[tokio::test(start_paused = true)]
async fn an_expired_http_call_is_answered_and_the_error_type_is_kept() {
    let hang = service_fn(async |_: Request<()>| {
        pending::<Result<Response<Full<Bytes>>, Infallible>>().await
    });
    let layer = CallDeadlineLayer::new(10 * MS).status(http::StatusCode::SERVICE_UNAVAILABLE);
    let response: Result<_, Infallible> = layer.layer(hang).oneshot(Request::new(())).await;
    assert_eq!(response.unwrap().status(), 503);
    let response = layer.enabled(false).layer(hang).oneshot(Request::new(()));
    assert!(tokio::time::timeout(3_600_000 * MS, response).await.is_err());
}
