//! The lines that tower-http's `TraceLayer` logs of a failure, with and without the id of the request.

use std::{
    io,
    sync::{Arc, Mutex},
};

use battlement::{
    problem::ProblemLayer,
    request_id::{RequestIdLayer, RequestSpan},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Empty;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_http::trace::{DefaultMakeSpan, TraceLayer};
use tracing::{Level, field, info_span, instrument::WithSubscriber};

use crate::order::{by_client, cors, timeout};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn fails(_: Request<Empty<Bytes>>) -> Result<Response<String>, BoxError> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    Ok(response)
}

/// Returns the line that the stack logs at INFO of a response with 503.
async fn failure_line<S, B>(stack: S) -> String
where
    S: Service<Request<Empty<Bytes>>, Response = Response<B>, Error = BoxError>,
{
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::INFO)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let request = Request::get("/orders").header("x-request-id", "the-id-of-this-request");
    let response =
        stack.oneshot(request.body(Empty::new()).unwrap()).with_subscriber(subscriber).await;
    assert_eq!(response.unwrap().status(), 503);
    let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    log.lines().find(|line| line.contains("response failed")).expect("a line").to_owned()
}

const FIELD: &str = "request_id=\"the-id-of-this-request\"";

#[tokio::test]
async fn a_plain_trace_layer_logs_failures_without_the_id_in_either_place() {
    let inside = ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(TraceLayer::new_for_http())
        .service(service_fn(fails));
    let outside = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(RequestIdLayer::new())
        .service(service_fn(fails));
    for line in [failure_line(inside).await, failure_line(outside).await] {
        assert!(!line.contains("the-id-of-this-request"), "{line}");
    }
}

#[tokio::test]
async fn a_trace_layer_at_info_inside_of_the_request_id_logs_failures_with_it() {
    let stack = ServiceBuilder::new()
        .layer(RequestIdLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(DefaultMakeSpan::new().level(Level::INFO)))
        .service(service_fn(fails));
    let line = failure_line(stack).await;
    assert!(line.contains(FIELD), "{line}");
    assert!(line.contains("uri=/orders"), "{line}");
}

#[tokio::test]
async fn a_trace_layer_outside_whose_span_declares_the_fields_logs_failures_with_the_id() {
    let trace = TraceLayer::new_for_http().make_span_with(|request: &Request<Empty<Bytes>>| {
        info_span!("http", method = %request.method(), request_id = field::Empty)
    });
    let stack =
        trace.layer(RequestIdLayer::new().span(RequestSpan::Current).layer(service_fn(fails)));
    let line = failure_line(stack).await;
    assert!(line.contains(FIELD), "{line}");
    assert!(line.contains("method=GET"), "{line}");
}

#[tokio::test]
async fn a_trace_layer_inside_of_problems_or_of_a_limit_runs_inside_of_cors_and_a_timeout() {
    let problems = ServiceBuilder::new()
        .layer(cors())
        .layer(timeout())
        .layer(ProblemLayer::new())
        .layer(TraceLayer::new_for_http())
        .service(service_fn(fails));
    let limit = ServiceBuilder::new()
        .layer(cors())
        .layer(timeout())
        .layer(by_client())
        .layer(TraceLayer::new_for_http())
        .service(service_fn(fails));
    let request = || Request::new(Empty::new());
    assert_eq!(problems.oneshot(request()).await.unwrap().status(), 503);
    assert_eq!(limit.oneshot(request()).await.unwrap().status(), 503);
}
