//! The ways in which a request ends.

use std::{convert::Infallible, future::pending, io, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tokio::time::sleep;
use tower::{Service, ServiceBuilder, ServiceExt as _};
use tower_http::{
    on_early_drop::{EarlyDropsAsFailures, OnEarlyDropLayer},
    trace::{DefaultOnEos, DefaultOnFailure, TraceLayer},
};
use tracing::Level;

use crate::{Body, Request, answered, body, get, hello, log::Log, trace};

type Answer = Result<Response<Body>, Infallible>;

/// Waits for ever.
async fn hangs(_: Request) -> Answer {
    pending().await
}

/// Answers with a body whose second frame never comes.
async fn stalls(_: Request) -> Answer {
    let first = tokio_stream::once(Ok(Frame::data(Bytes::from_static(b"hello"))));
    Ok(Response::new(body(tokio_stream::StreamExt::chain(first, tokio_stream::pending()))))
}

/// Panics.
async fn panics(_: Request) -> Answer {
    panic!("the handler panics")
}

/// Drops a request in flight.
fn drop_in_flight<S: Service<Request>>(service: S) {
    assert!(service.oneshot(get("/orders")).now_or_never().is_none());
}

/// Reads one frame of a response, and drops it.
async fn drop_in_body<S, B>(service: S)
where
    S: Service<Request, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes, Error = io::Error>,
{
    let response = service.oneshot(get("/orders")).await.unwrap();
    let mut body = Box::pin(response.into_body());
    assert!(body.frame().await.is_some());
}

#[tokio::test]
async fn trace_layer_logs_no_cancelled_request_and_no_panic() {
    let log = Log::json();
    drop_in_flight(ServiceBuilder::new().layer(trace()).service_fn(hangs));
    let panicking = ServiceBuilder::new().layer(trace()).service_fn(panics);
    let call = std::panic::AssertUnwindSafe(panicking.oneshot(get("/orders")));
    assert!(call.catch_unwind().await.is_err());
    assert_eq!(log.written(), "");
}

#[tokio::test]
async fn trace_layer_logs_a_body_that_is_dropped_half_way_as_a_success() {
    let log = Log::json();
    let layer = trace().on_eos(DefaultOnEos::new().level(Level::INFO));
    drop_in_body(ServiceBuilder::new().layer(layer).service_fn(stalls)).await;
    let line = log.line();
    assert_eq!((&line["level"], &line["fields"]["status"]), (&"INFO".into(), &200.into()));
}

type EarlyDrops = EarlyDropsAsFailures<DefaultOnFailure>;

fn early_drops() -> OnEarlyDropLayer<EarlyDrops, EarlyDrops> {
    OnEarlyDropLayer::new(EarlyDropsAsFailures::new(DefaultOnFailure::default()))
}

#[tokio::test]
async fn on_early_drop_logs_a_cancelled_request_as_an_error() {
    let log = Log::json();
    drop_in_flight(ServiceBuilder::new().layer(trace()).layer(early_drops()).service_fn(hangs));
    assert_eq!(log.line()["level"], "ERROR");
}

#[tokio::test]
async fn on_early_drop_logs_the_response_to_a_head_request_as_an_error() {
    // Over HTTP/1, hyper drops the body of such a response unread.
    let log = Log::json();
    let service = ServiceBuilder::new().layer(trace()).layer(early_drops()).service_fn(stalls);
    let mut request = get("/orders");
    *request.method_mut() = Method::HEAD;
    drop(service.oneshot(request).await.unwrap());
    let levels: Vec<_> = log.lines().iter().map(|line| line["level"].clone()).collect();
    assert_eq!(levels, ["INFO", "ERROR"]);
}

#[tokio::test]
async fn trace_layer_takes_a_grpc_call_without_a_status_for_a_success() {
    let log = Log::json();
    let without = || {
        let trailers = Frame::trailers(HeaderMap::new());
        body(tokio_stream::iter([Ok(Frame::data(Bytes::from_static(b"hello"))), Ok(trailers)]))
    };
    answered(&TraceLayer::new_for_grpc(), get("/shop.Orders/Get"), 200, without).await;
    answered(&TraceLayer::new_for_grpc(), get("/shop.Orders/Get"), 200, hello).await;
    assert_eq!(log.written(), "");
}

#[tokio::test]
async fn the_time_of_a_stream_in_trace_layer_begins_at_the_head() {
    const WAIT: Duration = Duration::from_millis(300);
    let log = Log::json();
    let layer = TraceLayer::new_for_http().on_eos(DefaultOnEos::new().level(Level::INFO));
    let slow = async |_: Request| {
        sleep(WAIT).await;
        Ok::<_, Infallible>(Response::new(hello()))
    };
    let response = ServiceBuilder::new().layer(layer).service_fn(slow).oneshot(get("/")).await;
    response.unwrap().into_body().collect().await.unwrap();
    let time = log.line()["fields"]["stream_duration"].as_str().unwrap().to_owned();
    let millis: u64 = time.strip_suffix(" ms").unwrap().parse().unwrap();
    assert!(millis < WAIT.as_millis() as u64, "{time}");
}
