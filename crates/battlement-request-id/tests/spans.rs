//! The ids stand on the lines that are logged inside, and nothing a client sent stands there raw.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use battlement_request_id::{RequestIdLayer, RequestSpan, TraceContext, Trust, Untrusted, carry};
use bytes::Bytes;
use http::{HeaderName, Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tracing::{Instrument, field, instrument::WithSubscriber};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        let log = self.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the log of `request` passing `layer` to a handler.
async fn log_of(layer: RequestIdLayer, request: Request<()>) -> String {
    let log = Log::default();
    let service = layer.layer(service_fn(|_: Request<()>| async {
        tokio::task::yield_now().await;
        tracing::info!("in the handler");
        let task = async { tracing::info!("in a task") };
        tokio::spawn(carry(task).with_current_subscriber()).await.unwrap();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    service.oneshot(request).with_subscriber(log.subscriber()).await.unwrap();
    log.text()
}

fn request(headers: &[(&str, &[u8])]) -> Request<()> {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

#[tokio::test]
async fn lines_in_the_handler_and_in_its_tasks_carry_the_id() {
    let log = log_of(RequestIdLayer::new(), request(&[("x-request-id", b"inbound-id")])).await;
    let lines: Vec<_> = log.lines().collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains("request{request_id=\"inbound-id\"}"), "{log}");
    assert!(lines[1].contains("request{request_id=\"inbound-id\"}"), "{log}");
    assert!(lines[1].contains("in a task"), "{log}");
}

#[tokio::test]
async fn traces_links_and_correlation_stand_beside_it() {
    let layer = RequestIdLayer::new()
        .correlation(HeaderName::from_static("x-correlation-id"))
        .trust(Trust::Never)
        .trace_context(TraceContext::Own)
        .untrusted_trace(Untrusted::Link);
    let traceparent = b"00-12345678901234567890123456789012-1234567890123456-01";
    let log = log_of(layer, request(&[("traceparent", traceparent)])).await;
    for field in [
        "correlation_id=\"",
        " trace_id=",
        " span_id=",
        "linked_trace_id=12345678901234567890123456789012",
    ] {
        assert!(log.contains(field), "{field} is not in {log}");
    }
}

#[tokio::test]
async fn rejected_text_is_not_logged() {
    let hostile: [&[u8]; 3] = [b"evil id \x80", b"evil\tid;\"quoted\"", &[b'e'; 4096]];
    for hostile in hostile {
        let headers =
            [("x-request-id", hostile), ("traceparent", hostile), ("tracestate", hostile)];
        let layer = RequestIdLayer::new().trace_context(TraceContext::Own);
        let log = log_of(layer, request(&headers)).await;
        assert!(log.contains("request_id=") && !log.contains("evil"), "{log}");
        assert!(!log.contains("eeee"), "{log}");
    }
}

#[tokio::test]
async fn the_fields_can_stand_on_the_span_of_a_layer_further_out() {
    let log = Log::default();
    let layer = RequestIdLayer::new().span(RequestSpan::Current);
    let service = layer.layer(service_fn(|_: Request<()>| async {
        tracing::info!("in the handler");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    async {
        let span = tracing::info_span!("outer", request_id = field::Empty);
        let request = request(&[("x-request-id", b"inbound-id")]);
        service.oneshot(request).instrument(span).await.unwrap();
    }
    .with_subscriber(log.subscriber())
    .await;
    let text = log.text();
    assert!(text.contains("outer{request_id=\"inbound-id\"}"), "{text}");
    assert!(!text.contains("request{"), "{text}");
}

#[tokio::test]
async fn the_span_can_be_left_out() {
    let layer = RequestIdLayer::new().span(RequestSpan::Off);
    let log = log_of(layer, request(&[])).await;
    assert!(log.contains("in the handler") && !log.contains("request_id"), "{log}");
}

/// A body that logs when it is polled and when it is dropped.
struct Logs(usize);

impl Body for Logs {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        tracing::info!("polled");
        self.0 = self.0.saturating_sub(1);
        Poll::Ready((self.0 > 0).then(|| Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        tracing::info!("dropped");
    }
}

#[tokio::test]
async fn lines_in_the_polls_and_the_drop_of_a_body_carry_the_id() {
    let log = Log::default();
    let service = RequestIdLayer::new()
        .layer(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Logs(2)))));
    let request = request(&[("x-request-id", b"inbound-id")]);
    async { service.oneshot(request).await.unwrap().into_body().collect().await.unwrap() }
        .with_subscriber(log.subscriber())
        .await;
    let text = log.text();
    assert_eq!(text.lines().count(), 3, "{text}");
    for line in text.lines() {
        assert!(line.contains("request{request_id=\"inbound-id\"}"), "{text}");
    }
}

#[tokio::test]
async fn lines_in_the_drop_of_a_future_carry_the_id() {
    let log = Log::default();
    let service = RequestIdLayer::new().layer(service_fn(|_: Request<()>| {
        let logs = Logs(0);
        async move {
            std::future::pending::<()>().await;
            drop(logs);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    }));
    let request = request(&[("x-request-id", b"inbound-id")]);
    async {
        let mut future = Box::pin(service.oneshot(request));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    .with_subscriber(log.subscriber())
    .await;
    let text = log.text();
    assert!(
        text.contains("request{request_id=\"inbound-id\"}") && text.contains("dropped"),
        "{text}"
    );
}
