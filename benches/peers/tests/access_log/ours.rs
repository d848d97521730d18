//! Ours under the conditions of the other files.

use std::{convert::Infallible, future::pending, panic::AssertUnwindSafe};

use battlement_access_log::{AccessLogLayer, Query};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, Response, header};
use http_body::Frame;
use http_body_util::BodyExt as _;
use tower::{ServiceBuilder, ServiceExt as _};

use crate::{Body, Request, answered, body, get, hello, log::Log};

type Answer = Result<Response<Body>, Infallible>;

/// Returns the outcomes of all lines.
fn outcomes(log: &Log) -> Vec<String> {
    let outcome = |line: &serde_json::Value| line["fields"]["outcome"].as_str().unwrap().to_owned();
    log.lines().iter().map(outcome).collect()
}

#[tokio::test]
async fn ours_logs_one_line_per_request_with_the_outcome() {
    let log = Log::json();
    for status in [200, 404, 500] {
        answered(&AccessLogLayer::new(), get("/orders"), status, hello).await;
    }
    assert_eq!(outcomes(&log), ["ok", "client_error", "500"]);
    assert_eq!(log.lines()[0]["fields"]["http.response.body.size"], 5);
}

#[tokio::test]
async fn ours_logs_cancelled_requests_and_panics() {
    let log = Log::json();
    let hangs = async |_: Request| pending::<Answer>().await;
    let service = ServiceBuilder::new().layer(AccessLogLayer::new()).service_fn(hangs);
    assert!(service.oneshot(get("/orders")).now_or_never().is_none());

    let panics = async |_: Request| -> Answer { panic!("the handler panics") };
    let service = ServiceBuilder::new().layer(AccessLogLayer::new()).service_fn(panics);
    assert!(AssertUnwindSafe(service.oneshot(get("/orders"))).catch_unwind().await.is_err());

    let stalls = async |_: Request| -> Answer {
        let first = tokio_stream::once(Ok(Frame::data(Bytes::from_static(b"hello"))));
        Ok(Response::new(body(tokio_stream::StreamExt::chain(first, tokio_stream::pending()))))
    };
    let service = ServiceBuilder::new().layer(AccessLogLayer::new()).service_fn(stalls);
    let mut body = service.clone().oneshot(get("/orders")).await.unwrap().into_body();
    assert!(body.frame().await.is_some());
    drop(body);
    assert_eq!(outcomes(&log), ["cancelled", "panic", "cancelled"]);

    let log = Log::json();
    let mut request = get("/orders");
    *request.method_mut() = Method::HEAD;
    drop(service.oneshot(request).await.unwrap());
    assert_eq!(outcomes(&log), ["ok"]);
}

#[tokio::test]
async fn ours_takes_a_grpc_call_without_a_status_for_a_failure() {
    let log = Log::json();
    let mut request = get("/shop.Orders/Get");
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(header::CONTENT_TYPE, "application/grpc".parse().unwrap());
    let without = || body(tokio_stream::once(Ok(Frame::trailers(HeaderMap::new()))));
    answered(&AccessLogLayer::new(), request, 200, without).await;
    let line = log.line();
    assert_eq!((&line["level"], &line["fields"]["outcome"]), (&"ERROR".into(), &"UNKNOWN".into()));
}

#[tokio::test]
async fn ours_logs_no_secret_of_a_query_and_refuses_to_log_credentials() {
    let log = Log::json();
    let target = "/orders?token=hunter2&page=2";
    answered(&AccessLogLayer::new(), get(target), 200, hello).await;
    assert!(!log.written().contains("page"), "{}", log.written());
    answered(&AccessLogLayer::new().query(Query::Redact), get(target), 200, hello).await;
    assert_eq!(log.lines()[1]["fields"]["url.query"], "token=REDACTED&page=2");
    assert!(!log.written().contains("hunter2"), "{}", log.written());
    let refused = std::panic::catch_unwind(|| AccessLogLayer::new().headers(["authorization"]));
    assert!(refused.is_err());
}

#[tokio::test]
async fn ours_escapes_characters_that_turn_text_around() {
    for log in [Log::json, Log::text] {
        let log = log();
        answered(&AccessLogLayer::new(), get("/\u{202e}txt.exe"), 200, hello).await;
        let written = log.written();
        assert!(!written.contains('\u{202e}') && written.contains("u{202e}"), "{written:?}");
    }
}
