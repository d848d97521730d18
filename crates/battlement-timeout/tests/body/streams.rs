use std::convert::Infallible;

use battlement_timeout::{BodyLimits, BodyTimeoutLayer, ElapsedKind};
use http::{Method, Request, Response, Version};
use http_body_util::BodyExt as _;
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::drip::{BoxError, Drip, assert_elapsed, count_bytes, ms};

const HOUR: u64 = 3_600_000;

fn limited() -> BodyTimeoutLayer {
    let limits = BodyLimits::new().first_byte(ms(1000)).idle(ms(1000)).total(ms(5000));
    BodyTimeoutLayer::new().request(limits).response(limits)
}

/// Reads a response that is silent for an hour, to a request of `method`.
async fn read(
    layer: BodyTimeoutLayer,
    method: Method,
    head: http::response::Builder,
) -> Result<http_body_util::Collected<bytes::Bytes>, BoxError> {
    let response = std::sync::Mutex::new(Some(head.body(Drip::bytes(&[0, HOUR])).unwrap()));
    let service = layer.layer(service_fn(|_: Request<_>| {
        std::future::ready(Ok::<_, Infallible>(response.lock().unwrap().take().unwrap()))
    }));
    let request = Request::builder().method(method).body(Drip::default()).unwrap();
    service.oneshot(request).await.unwrap().into_body().collect().await
}

fn of_type(content_type: &str) -> http::response::Builder {
    Response::builder().header("content-type", content_type)
}

#[tokio::test(start_paused = true)]
async fn silent_event_streams_and_grpc_streams_outlive_all_limits() {
    for content_type in ["text/event-stream", "application/grpc", "application/grpc-web+proto"] {
        read(limited(), Method::POST, of_type(content_type)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn upgrades_and_tunnels_outlive_all_limits() {
    let layer = || limited().event_streams(true).grpc_streams(true);
    read(layer(), Method::GET, Response::builder().status(101)).await.unwrap();
    read(layer(), Method::CONNECT, Response::builder()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn event_streams_are_ended_if_asked_for_and_never_look_complete() {
    let events = || of_type("text/event-stream; charset=utf-8");
    let start = Instant::now();
    let error = read(limited().event_streams(true), Method::GET, events()).await.unwrap_err();
    assert_elapsed(&error, ElapsedKind::ResponseBody);
    assert_eq!(start.elapsed(), ms(1000));
    read(limited().grpc_streams(true), Method::GET, events()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_grpc_response_that_is_ended_has_a_status_in_trailers() {
    let layer = limited().grpc_streams(true);
    let body = read(layer, Method::POST, of_type("application/grpc")).await.unwrap();
    assert_eq!(body.trailers().unwrap()["grpc-status"], "4");
    assert_eq!(body.to_bytes(), "x");
}

#[tokio::test(start_paused = true)]
async fn a_grpc_web_response_that_is_ended_fails() {
    let layer = limited().grpc_streams(true);
    let ended = read(layer, Method::POST, of_type("application/grpc-web")).await;
    assert_elapsed(&ended.unwrap_err(), ElapsedKind::ResponseBody);
}

fn grpc_request() -> Request<Drip> {
    let request = Request::post("/shop.Stock/Watch").version(Version::HTTP_2);
    request.header("content-type", "application/grpc").body(Drip::bytes(&[0, HOUR])).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_silent_grpc_request_outlives_all_limits_unless_asked_for() {
    let service = limited().layer(service_fn(count_bytes));
    assert_eq!(service.oneshot(grpc_request()).await.unwrap().status(), 200);

    // tonic reports the failed body with a status of its own.
    let service = limited().grpc_streams(true).layer(service_fn(async |request: Request<_>| {
        let _ = count_bytes(request).await;
        let response = Response::builder().header("grpc-status", "13");
        Ok::<_, Infallible>(response.body(Drip::default()).unwrap())
    }));
    let response = service.oneshot(grpc_request()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["grpc-status"], "4");
    assert!(!response.headers().contains_key("connection"));
}
