use std::convert::Infallible;

use battlement_core::{Rejection, RejectionKind, RequestFacts};
use battlement_shutdown::{Phase, Shutdown};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Channel};
use tower::{Layer, ServiceExt, service_fn};

use crate::service::{Body, SECOND, answers, get, grpc, hangs, in_flight, running, shutdown};

/// Returns the number of requests in flight.
fn requests(shutdown: &Shutdown) -> u64 {
    let counts = shutdown.handle().in_flight().counts();
    counts.iter().map(|(_, count)| count).sum()
}

#[tokio::test(start_paused = true)]
async fn a_call_inside_two_layers_is_cut_off_as_one_request_and_is_not_answered() {
    let shutdown = shutdown();
    let service = shutdown.layer().layer(shutdown.layer().layer(hangs()));
    let calls = [get(), grpc()].map(|request| tokio::spawn(service.clone().oneshot(request)));
    in_flight(&shutdown, 2).await;
    let run = running(shutdown, Phase::CutOff).await;
    let [http, grpc] = calls;
    let response = http.await.unwrap().unwrap();
    assert_eq!(response.status().as_u16(), 503);
    assert_eq!(response.headers()["connection"], "close");
    assert!(!response.into_body().collect().await.unwrap().to_bytes().is_empty());
    assert_eq!(grpc.await.unwrap().unwrap().headers()["grpc-status"], "14");
    let report = run.await.unwrap();
    assert_eq!((report.cut_off().requests, report.answered(), report.code()), (2, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stream_inside_two_layers_is_cut_off_as_one_stream() {
    let shutdown = shutdown();
    let streams = service_fn(|_: Request<Body>| async {
        let (sender, body) = Channel::<Bytes, Infallible>::new(1);
        std::mem::forget(sender);
        let response = Response::builder().header("content-type", "text/event-stream");
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let service = shutdown.layer().layer(shutdown.layer().layer(streams));
    let response = service.oneshot(get()).await.unwrap();
    let read = tokio::spawn(response.into_body().collect());
    in_flight(&shutdown, 1).await;
    let run = running(shutdown, Phase::CutOff).await;
    assert!(read.await.unwrap().unwrap_err().to_string().contains("cut off"));
    let report = run.await.unwrap();
    let cut_off = report.cut_off();
    assert_eq!((cut_off.event_streams, cut_off.requests, report.answered()), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_inner_of_two_layers_rejects_is_not_answered_in_full() {
    let shutdown = shutdown();
    let service =
        shutdown.layer().reject_late(SECOND).layer(answers(Response::new(Body::from("hello"))));
    let service = shutdown.layer().layer(service);
    let response = service.clone().oneshot(get()).await.unwrap();
    response.into_body().collect().await.unwrap();
    let run = running(shutdown, Phase::Stopping).await;
    let response = service.oneshot(get()).await.unwrap();
    assert_eq!(response.status(), 503);
    response.into_body().collect().await.unwrap();
    assert_eq!(run.await.unwrap().answered(), 1, "the early one");
}

#[tokio::test(start_paused = true)]
async fn layers_of_two_shutdowns_wait_for_the_request_each() {
    let (outer, inner) = (shutdown(), shutdown());
    let service = outer.layer().layer(inner.layer().layer(hangs()));
    let call = tokio::spawn(service.oneshot(get()));
    in_flight(&outer, 1).await;
    assert_eq!(requests(&inner), 1);
    let report = running(inner, Phase::CutOff).await.await.unwrap();
    assert_eq!((report.cut_off().requests, report.code()), (1, 1));
    let response = call.await.unwrap().unwrap();
    assert_eq!((response.status().as_u16(), requests(&outer)), (503, 1));
    drop(response);
    assert_eq!(requests(&outer), 0);
}

#[tokio::test(start_paused = true)]
async fn two_layers_of_a_shutdown_inside_another_one_count_a_request_once() {
    let (outer, inner) = (shutdown(), shutdown());
    let service = inner.layer().layer(inner.layer().layer(hangs()));
    let call = tokio::spawn(outer.layer().layer(service).oneshot(get()));
    in_flight(&outer, 1).await;
    assert_eq!(requests(&inner), 1);
    let report = running(inner, Phase::CutOff).await.await.unwrap();
    assert_eq!((report.cut_off().requests, report.answered()), (1, 0));
    drop(call.await.unwrap().unwrap());
    assert_eq!(requests(&outer), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_the_layer_of_another_shutdown_cuts_off_is_not_answered_in_full() {
    let (outer, inner) = (shutdown().drain(SECOND * 5), shutdown());
    let streams = service_fn(|_: Request<Body>| async {
        let (sender, body) = Channel::<Bytes, Infallible>::new(1);
        std::mem::forget(sender);
        let response = Response::builder().header("content-type", "application/grpc");
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let service = outer.layer().layer(inner.layer().layer(streams));
    let response = service.oneshot(grpc()).await.unwrap();
    let read = tokio::spawn(response.into_body().collect());
    let outer = running(outer, Phase::Draining).await;
    let inner = running(inner, Phase::CutOff).await;
    let read = read.await.unwrap().unwrap();
    assert_eq!(read.trailers().unwrap()["grpc-status"], "14", "a whole response to the outer one");
    assert_eq!(inner.await.unwrap().answered(), 0);
    let report = outer.await.unwrap();
    assert_eq!((report.answered(), report.cut_off().requests), (0, 0));
}

#[tokio::test]
async fn each_attempt_at_a_request_is_in_flight_alone_and_with_another() {
    let shutdown = shutdown();
    let service = shutdown.layer().layer(answers(Response::new(Body::from("hello"))));
    let mut request = get();
    let facts = RequestFacts::of_or_start(&mut request);
    let attempt = || {
        let mut request = get();
        request.extensions_mut().insert(facts.clone());
        service.clone().oneshot(request)
    };
    for _ in 0..2 {
        let first = attempt().await.unwrap();
        let second = attempt().await.unwrap();
        assert_eq!(requests(&shutdown), 1, "one request, whatever its attempts");
        drop(first);
        assert_eq!(requests(&shutdown), 1);
        drop(second);
        assert_eq!(requests(&shutdown), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_stream_in_place_of_the_service_is_not_counted_as_a_stream_and_leaves_no_count() {
    let shutdown = shutdown();
    let refuses = service_fn(|_: Request<Body>| async {
        let (sender, body) = Channel::<Bytes, Infallible>::new(1);
        std::mem::forget(sender);
        let response = Response::builder()
            .header("content-type", "text/event-stream")
            .extension(Rejection::new(RejectionKind::ShuttingDown));
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let service = shutdown.layer().layer(refuses);
    let in_flight = shutdown.handle().in_flight();
    let counts = move || in_flight.counts().into_iter().filter(|(_, count)| *count > 0);
    let _run = running(shutdown, Phase::Draining).await;
    let response = service.oneshot(get()).await.unwrap();
    assert_eq!(counts().collect::<Vec<_>>(), [("request", 1)]);
    drop(response);
    assert_eq!(counts().count(), 0);
}
