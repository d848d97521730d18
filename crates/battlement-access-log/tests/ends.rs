//! Each way in which a request ends has one record with its outcome.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod log;

use std::{
    convert::Infallible,
    fmt,
    future::pending,
    io,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Waker},
    time::Duration,
};

use battlement_access_log::AccessLogLayer;
use battlement_core::{DropReason, Rejection, RejectionKind, RequestFacts, dropping};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Channel, Empty, Full, StreamBody};
use log::{Log, get, hello, send};
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tracing_subscriber::layer::SubscriberExt;

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
async fn a_request_that_is_dropped_unpolled_or_in_flight_is_cancelled() {
    let (log, _guard) = Log::start();
    let waiting =
        || service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
    drop(AccessLogLayer::new().layer(waiting()).call(get("/unpolled")));
    {
        let mut future = pin!(AccessLogLayer::new().layer(waiting()).call(get("/polled")));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert_eq!(log.outcomes(), ["cancelled", "cancelled"]);
    assert!(log.records().iter().all(|record| record.get("http.response.status_code").is_none()));
}

#[tokio::test]
async fn a_drop_has_the_reason_of_the_code_that_drops() {
    let (log, _guard) = Log::start();
    for reason in [DropReason::Timeout, DropReason::Shutdown] {
        let waiting =
            service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
        let future = AccessLogLayer::new().layer(waiting).call(get("/"));
        dropping(reason, || drop(future));
    }
    assert_eq!(log.outcomes(), ["timeout", "shutdown"]);
    assert!(log.records().iter().all(|record| record["level"] == "WARN"));
}

#[tokio::test]
async fn a_panic_of_the_call_or_of_the_future_is_an_error() {
    let (log, _guard) = Log::start();
    let panics = service_fn(
        |_: Request<Nothing>| -> std::future::Ready<Result<Response<Nothing>, Infallible>> {
            resume_unwind(Box::new("in the call"))
        },
    );
    let call = || drop(AccessLogLayer::new().layer(panics).call(get("/call")));
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    let panics = service_fn(async |_: Request<Nothing>| -> Result<Response<Nothing>, Infallible> {
        resume_unwind(Box::new("in the future"))
    });
    let future = AccessLogLayer::new().layer(panics).call(get("/future"));
    let poll = move || drop(pin!(future).poll(&mut Context::from_waker(Waker::noop())));
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    assert_eq!(log.outcomes(), ["panic", "panic"]);
    assert!(log.records().iter().all(|record| record["level"] == "ERROR"));
}

/// A subscriber that counts the records of cancelled requests.
struct Cancelled(Arc<AtomicU64>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Cancelled {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        event.record(&mut |field: &tracing::field::Field, value: &dyn fmt::Debug| {
            if field.name() == "outcome" && format!("{value:?}") == "\"cancelled\"" {
                self.0.fetch_add(1, Relaxed);
            }
        });
    }
}

#[test]
fn a_hundred_thousand_cancelled_requests_have_a_hundred_thousand_records() {
    let count = Arc::<AtomicU64>::default();
    let waiting =
        service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
    let mut service = AccessLogLayer::new().layer(waiting);
    let subscriber = tracing_subscriber::registry().with(Cancelled(Arc::clone(&count)));
    tracing::subscriber::with_default(subscriber, || {
        (0..100_000).for_each(|_| drop(service.call(get("/"))));
    });
    assert_eq!(count.load(Relaxed), 100_000);
}

/// Drops a future of the layer while a panic unwinds.
fn drop_while_unwinding(path: &str) {
    let waiting =
        service_fn(|_: Request<Nothing>| pending::<Result<Response<Nothing>, Infallible>>());
    let future = AccessLogLayer::new().layer(waiting).call(get(path));
    let unwind = move || {
        let _future = future;
        resume_unwind(Box::new("elsewhere"))
    };
    assert!(catch_unwind(AssertUnwindSafe(unwind)).is_err());
}

#[test]
fn a_record_is_written_without_a_runtime_and_while_a_panic_unwinds() {
    let (log, _guard) = Log::start();
    drop_while_unwinding("/");
    assert_eq!(log.outcomes(), ["cancelled"]);
}

#[test]
fn a_subscriber_that_panics_while_a_panic_unwinds_does_not_abort_the_process() {
    struct Panics;
    impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Panics {
        fn on_event(&self, _: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            resume_unwind(Box::new("in the subscriber"))
        }
    }
    let subscriber = tracing_subscriber::registry().with(Panics);
    tracing::subscriber::with_default(subscriber, || drop_while_unwinding("/"));
}

#[tokio::test]
async fn a_body_that_is_not_sent_or_was_sent_whole_is_complete_although_it_is_dropped() {
    let (log, _guard) = Log::start();
    let layer = AccessLogLayer::new();
    let open = || Channel::<Bytes>::new(1).1;
    let head = Request::head("/head").body(Empty::new()).unwrap();
    send(&layer, head, Response::new(open())).await;
    for status in [204, 304] {
        send(&layer, get("/"), Response::builder().status(status).body(open()).unwrap()).await;
    }
    assert_eq!(log.outcomes(), ["ok", "ok", "ok"]);

    let (mut sender, body) = Channel::<Bytes>::new(1);
    let answer = Response::builder().header("content-length", "5").body(body).unwrap();
    let mut answer = Some(answer);
    let service = service_fn(move |_: Request<Nothing>| {
        std::future::ready(Ok::<_, Infallible>(answer.take().unwrap()))
    });
    let mut response = layer.layer(service).oneshot(get("/sized")).await.unwrap();
    sender.send_data(Bytes::from("hello")).await.unwrap();
    drop(response.body_mut().frame().await.unwrap().unwrap());
    drop(response);
    let records = log.records();
    assert_eq!(records[3]["outcome"], "ok");
    assert_eq!(records[3]["http.response.body.size"], 5);
}

#[tokio::test]
async fn a_body_that_is_dropped_early_is_cancelled_and_one_that_fails_is_an_error() {
    let (log, _guard) = Log::start();
    send(&AccessLogLayer::new(), get("/"), Response::new(Channel::<Bytes>::new(1).1)).await;

    let failing = service_fn(async |_: Request<Nothing>| {
        let (sender, body) = Channel::<Bytes, io::Error>::new(1);
        sender.abort(io::Error::other("gone"));
        Ok::<_, Infallible>(Response::new(body))
    });
    let response = AccessLogLayer::new().layer(failing).oneshot(get("/")).await.unwrap();
    assert!(response.into_body().collect().await.is_err());
    assert_eq!(log.outcomes(), ["cancelled", "body_error"]);
    let statuses =
        log.records().into_iter().map(|record| record["http.response.status_code"].clone());
    assert_eq!(statuses.collect::<Vec<_>>(), [200, 200]);
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

#[tokio::test(start_paused = true)]
async fn times_count_from_the_start_of_the_request_and_waiting_is_not_busy() {
    let (log, _guard) = Log::start();
    let service = service_fn(async |_: Request<Nothing>| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (mut sender, body) = Channel::<Bytes>::new(1);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            sender.send_data(Bytes::from("late")).await.unwrap();
        });
        Ok::<_, Infallible>(Response::new(body))
    });
    let mut request = get("/");
    let _facts = RequestFacts::of_or_start(&mut request);
    tokio::time::advance(Duration::from_secs(4)).await;
    let response = AccessLogLayer::new().layer(service).oneshot(request).await.unwrap();
    drop(response.into_body().collect().await.unwrap());
    let record = log.record();
    let of = |name: &str| record[name].as_f64().unwrap().round();
    assert_eq!((of("first_byte_ms"), of("duration_ms"), of("busy_ms")), (5_000., 7_000., 0.));
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_is_recorded_at_its_head_and_at_its_end() {
    let (log, _guard) = Log::start();
    let (mut sender, body) = Channel::<Bytes>::new(1);
    let mut answer =
        Some(Response::builder().header("content-type", "text/event-stream").body(body).unwrap());
    let service = service_fn(move |_: Request<Nothing>| {
        std::future::ready(Ok::<_, Infallible>(answer.take().unwrap()))
    });
    let mut response = AccessLogLayer::new().layer(service).oneshot(get("/")).await.unwrap();
    assert_eq!(log.record()["stage"], "head");
    sender.send_data(Bytes::from("data: 1\n\n")).await.unwrap();
    drop(response.body_mut().frame().await.unwrap().unwrap());
    tokio::time::advance(Duration::from_secs(9)).await;
    drop(response);
    let end = log.records().pop().unwrap();
    assert_eq!((&end["stage"], &end["message"]), (&"end".into(), &"stream ended".into()));
    assert_eq!(
        (&end["outcome"], &end["http.response.body.size"]),
        (&"cancelled".into(), &9.into())
    );
    assert_eq!((end["duration_ms"].as_f64(), log.records().len()), (Some(9_000.), 2));
}

#[tokio::test]
async fn an_upgrade_is_recorded_at_its_head_alone() {
    let (log, _guard) = Log::start();
    let upgrade = Response::builder().status(101).body(Empty::<Bytes>::new()).unwrap();
    send(&AccessLogLayer::new(), get("/"), upgrade).await;
    let record = log.record();
    assert_eq!((&record["stage"], &record["outcome"]), (&"head".into(), &"ok".into()));
}

fn call() -> Request<Nothing> {
    let request = Request::post("/pkg.Shop/Buy").header("content-type", "application/grpc");
    request.body(Empty::new()).unwrap()
}

/// Records a gRPC call whose body ends with `trailers`, and returns the record.
async fn grpc(trailers: Option<HeaderMap>) -> serde_json::Value {
    let (log, _guard) = Log::start();
    let mut trailers = Some(trailers);
    let service = service_fn(move |_: Request<Nothing>| {
        let frames = trailers
            .take()
            .unwrap()
            .map(|trailers| Ok::<_, Infallible>(http_body::Frame::<Bytes>::trailers(trailers)));
        let body = StreamBody::new(tokio_stream::iter(frames));
        let response = Response::builder().header("content-type", "application/grpc").body(body);
        std::future::ready(Ok::<_, Infallible>(response.unwrap()))
    });
    let response = AccessLogLayer::new().layer(service).oneshot(call()).await.unwrap();
    drop(response.into_body().collect().await.unwrap());
    log.record()
}

#[tokio::test]
async fn the_status_of_grpc_is_read_from_the_trailers_and_a_missing_one_is_a_failure() {
    let status = |code: &str| {
        HeaderMap::from_iter([("grpc-status".parse().unwrap(), code.parse().unwrap())])
    };
    for (trailers, outcome, code, level) in [
        (Some(status("0")), "ok", "OK", "INFO"),
        (Some(status("5")), "client_error", "NOT_FOUND", "INFO"),
        (Some(status("14")), "UNAVAILABLE", "UNAVAILABLE", "ERROR"),
        (Some(HeaderMap::new()), "UNKNOWN", "UNKNOWN", "ERROR"),
        (None, "UNKNOWN", "UNKNOWN", "ERROR"),
    ] {
        let record = grpc(trailers).await;
        assert_eq!(record["outcome"], outcome);
        assert_eq!(record["rpc.status_code"], code);
        assert_eq!(record["level"], level);
        assert_eq!(record["http.response.status_code"], 200);
    }
}
