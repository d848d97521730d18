//! Requests that end with an answer or an error.

use std::io;

use crate::log::{Log, get, hello, send};
use battlement_access_log::AccessLogLayer;
use battlement_core::{Rejection, RejectionKind};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use tower::{BoxError, Layer, ServiceExt, service_fn};

type Nothing = Empty<Bytes>;

#[tokio::test]
async fn a_request_that_succeeds_has_one_record_when_its_body_ends() {
    let (log, _guard) = Log::start();
    let response = AccessLogLayer::new().layer(hello()).oneshot(get("/a?token=1")).await.unwrap();
    assert!(log.records().is_empty());
    drop(response.into_body().collect().await.unwrap());
    let record = log.record();
    assert_eq!(record["message"], "request completed");
    assert_eq!((&record["outcome"], &record["level"]), (&"ok".into(), &"INFO".into()));
    assert_eq!(record["http.request.method"], "GET");
    assert_eq!(record["url.path"], "/a");
    assert_eq!(record["http.response.status_code"], 200);
    assert_eq!(record["http.response.body.size"], 5);
    assert!(record.get("url.query").is_none() && record.get("stage").is_none());
}

#[tokio::test]
async fn the_outcome_of_a_status_is_its_word() {
    let (log, _guard) = Log::start();
    for status in [200, 301, 404, 429, 500, 503] {
        let response = Response::builder().status(status).body(Full::<Bytes>::default()).unwrap();
        send(&AccessLogLayer::new(), get("/"), response).await;
    }
    assert_eq!(log.outcomes(), ["ok", "ok", "client_error", "client_error", "500", "503"]);
    let levels: Vec<_> = log.records().into_iter().map(|record| record["level"].clone()).collect();
    assert_eq!(levels, ["INFO", "INFO", "INFO", "INFO", "ERROR", "ERROR"]);
}

#[tokio::test]
async fn a_rejection_of_ours_differs_from_a_failure_of_the_service() {
    let (log, _guard) = Log::start();
    for (status, kind) in [(503, RejectionKind::Overloaded), (429, RejectionKind::RateLimited)] {
        let mut response =
            Response::builder().status(status).body(Full::<Bytes>::default()).unwrap();
        response.extensions_mut().insert(Rejection::new(kind));
        send(&AccessLogLayer::new(), get("/"), response).await;
    }
    assert_eq!(log.outcomes(), ["overloaded", "client_error"]);
    let records = log.records();
    assert_eq!(records[0]["rejection"], "overloaded");
    assert_eq!(records[1]["rejection"], "rate_limited");
    assert!(records.iter().all(|record| record["level"] == "WARN"));
}

#[tokio::test]
async fn an_error_of_the_service_is_recorded_without_a_status() {
    let (log, _guard) = Log::start();
    let errors: [BoxError; 2] = [
        io::Error::other("broken").into(),
        io::Error::other(Rejection::new(RejectionKind::CircuitOpen)).into(),
    ];
    for error in errors {
        let mut error = Some(error);
        let service = service_fn(move |_: Request<Nothing>| {
            std::future::ready(Err::<Response<Nothing>, BoxError>(error.take().unwrap()))
        });
        assert!(AccessLogLayer::new().layer(service).oneshot(get("/")).await.is_err());
    }
    assert_eq!(log.outcomes(), ["error", "circuit_open"]);
    assert_eq!(log.records()[1]["rejection"], "circuit_open");
}
