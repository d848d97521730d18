//! Calls of a client have the outcome that the caller sees.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod log;

use std::convert::Infallible;

use battlement_access_log::AccessLogLayer;
use battlement_core::CallFacts;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Channel, Empty, Full};
use log::{Log, get, hello};
use tower::{Layer, ServiceExt, service_fn};

/// Returns the record of a call that is answered with `response`, whose body is dropped unread.
async fn record<B: http_body::Body>(
    request: Request<Empty<Bytes>>,
    response: Response<B>,
) -> serde_json::Value {
    let (log, _guard) = Log::start();
    let mut response = Some(response);
    let service = service_fn(move |_: Request<_>| {
        std::future::ready(Ok::<_, Infallible>(response.take().unwrap()))
    });
    drop(AccessLogLayer::client("payments").layer(service).oneshot(request).await.unwrap());
    log.record()
}

#[tokio::test]
async fn a_call_has_one_record_with_the_name_of_the_service() {
    let (log, _guard) = Log::start();
    let service = AccessLogLayer::client("payments").layer(hello());
    let response = service.oneshot(get("/charges")).await.unwrap();
    assert!(log.records().is_empty());
    drop(response.into_body().collect().await.unwrap());
    let record = log.record();
    assert_eq!(
        (&record["server.address"], &record["url.path"]),
        (&"payments".into(), &"/charges".into())
    );
    assert_eq!((&record["outcome"], &record["http.response.body.size"]), (&"ok".into(), &5.into()));
    assert_eq!(record["message"], "call completed");
    assert!(record.get("attempt").is_none());
}

#[tokio::test]
async fn every_error_status_is_a_failure_of_a_call() {
    for status in [404, 429, 500] {
        let response = Response::builder().status(status).body(Full::<Bytes>::default()).unwrap();
        let record = record(get("/"), response).await;
        assert_eq!(record["outcome"], status.to_string());
        assert_eq!(record["level"], "ERROR");
    }
    let request = Request::post("/pkg.Shop/Buy").header("content-type", "application/grpc");
    let response = Response::builder().header("grpc-status", "5").body(Empty::<Bytes>::new());
    let record = record(request.body(Empty::new()).unwrap(), response.unwrap()).await;
    assert_eq!((&record["outcome"], &record["level"]), (&"NOT_FOUND".into(), &"ERROR".into()));
}

#[tokio::test]
async fn a_response_whose_caller_needs_only_the_head_is_not_cancelled() {
    let (_sender, body) = Channel::<Bytes>::new(1);
    assert_eq!(record(get("/"), Response::new(body)).await["outcome"], "ok");
}

#[tokio::test]
async fn the_attempt_is_recorded_if_a_layer_further_out_repeats_the_call() {
    let mut request = get("/");
    let mut facts = CallFacts::of(&request);
    facts.set_attempt(2);
    request.extensions_mut().insert(facts);
    let record = record(request, Response::new(Full::<Bytes>::default())).await;
    assert_eq!(record["attempt"], 2);
}
