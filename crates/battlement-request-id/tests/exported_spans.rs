//! With the feature `opentelemetry` and the layer outermost, the span that it opens is the one that is exported,
//! told of in its attributes, and continued by calls.
#![cfg(feature = "opentelemetry")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
};

use battlement_request_id::{
    PropagateLayer, RequestIdLayer, RequestSpan, Trace, TraceContext, Trust,
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tower::{Layer, ServiceExt, service_fn};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::layer::SubscriberExt;

const TRACE: &str = "12345678901234567890123456789012";
const SPAN: &str = "1234567890123456";

/// Keeps what is exported.
#[derive(Clone, Debug, Default)]
struct Exported(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Exported {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

/// The result of one request.
struct Outcome {
    /// The only span that was exported.
    span: SpanData,
    /// The trace that the handler saw.
    trace: Trace,
    /// The headers of the call that the handler made.
    sent: HeaderMap,
}

impl Outcome {
    /// Returns the attributes of the exported span.
    fn attributes(&self) -> HashMap<&str, String> {
        let pairs = self.span.attributes.iter();
        pairs.map(|pair| (pair.key.as_str(), pair.value.to_string())).collect()
    }
}

async fn respond(layer: RequestIdLayer, request: Request<()>) -> (Trace, HeaderMap) {
    let handler = service_fn(async |request: Request<()>| {
        tokio::task::yield_now().await;
        let wire =
            service_fn(async |call: Request<()>| Ok::<_, Infallible>(call.headers().clone()));
        let sent = PropagateLayer::new().layer(wire).oneshot(Request::new(())).await?;
        let mut response = Response::new(Full::<Bytes>::default());
        response.extensions_mut().insert((Trace::of(&request).cloned(), sent));
        Ok::<_, Infallible>(response)
    });
    let mut response = layer.layer(handler).oneshot(request).await.unwrap();
    let (trace, sent): (Option<Trace>, HeaderMap) = response.extensions_mut().remove().unwrap();
    (trace.unwrap(), sent)
}

async fn traced(layer: RequestIdLayer, request: Request<()>) -> Outcome {
    let exported = Exported::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exported.clone()).build();
    let layer_of_spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let subscriber = tracing_subscriber::registry().with(layer_of_spans);
    let layer = layer.trace_context(TraceContext::OpenTelemetry);
    let (trace, sent) = respond(layer, request).with_subscriber(subscriber).await;
    let spans = std::mem::take(&mut *exported.0.lock().unwrap());
    let [span] = <[SpanData; 1]>::try_from(spans).unwrap();
    Outcome { span, trace, sent }
}

fn inbound(tracestate: &str) -> Request<()> {
    let request = Request::builder().header("traceparent", format!("00-{TRACE}-{SPAN}-01"));
    request.header("tracestate", tracestate).body(()).unwrap()
}

#[tokio::test]
async fn the_outermost_layer_s_own_span_is_the_one_that_calls_continue() {
    let Outcome { span, trace, sent } = traced(RequestIdLayer::new(), Request::new(())).await;
    let exported = (span.span_context.trace_id(), span.span_context.span_id());
    let (trace_id, span_id) = exported;
    assert_eq!(sent["traceparent"], format!("00-{trace_id}-{span_id}-01"));
    let seen = (trace.trace_id.to_string(), trace.span_id.to_string());
    assert_eq!(seen, (trace_id.to_string(), span_id.to_string()));
    assert!(trace.owned && trace.reported && trace.parent_id.is_none());
}

#[tokio::test]
async fn the_exported_span_and_its_attributes_tell_one_trace() {
    for request in [Request::new(()), inbound("foo=1")] {
        let outcome = traced(RequestIdLayer::new(), request).await;
        let context = &outcome.span.span_context;
        let attributes = outcome.attributes();
        assert_eq!(attributes["trace_id"], context.trace_id().to_string());
        assert_eq!(attributes["span_id"], context.span_id().to_string());
        assert!(attributes.contains_key("request_id"), "{attributes:?}");
    }
}

#[tokio::test]
async fn the_span_of_a_trusted_caller_is_the_parent_of_the_exported_span() {
    let Outcome { span, trace, sent } = traced(RequestIdLayer::new(), inbound("foo=1,foo=2")).await;
    assert_eq!(span.span_context.trace_id().to_string(), TRACE);
    assert_eq!(span.parent_span_id.to_string(), SPAN);
    assert!(span.parent_span_is_remote);
    assert_eq!(trace.parent_id.unwrap().to_string(), SPAN);
    let span_id = span.span_context.span_id();
    assert_eq!(sent["traceparent"], format!("00-{TRACE}-{span_id}-01"));
    assert_eq!(sent["tracestate"], "foo=1");
}

#[tokio::test]
async fn a_caller_that_is_not_trusted_is_no_parent() {
    let layer = RequestIdLayer::new().trust(Trust::Never);
    let Outcome { span, sent, .. } = traced(layer, inbound("foo=1")).await;
    assert_ne!(span.span_context.trace_id().to_string(), TRACE);
    assert_eq!(span.parent_span_id, opentelemetry::SpanId::INVALID);
    assert!(!sent.contains_key("tracestate"), "{sent:?}");
}

#[tokio::test]
async fn members_of_a_state_that_opentelemetry_does_not_know_cost_the_others_nothing() {
    let outcome = traced(RequestIdLayer::new(), inbound("foo=1,two@at@signs=2,bar=3")).await;
    assert_eq!(outcome.sent["tracestate"], "foo=1,bar=3");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Covers a subscriber that makes no OpenTelemetry spans, and a layer that opens no span for it.
#[tokio::test]
async fn without_an_opentelemetry_span_calls_pass_the_trace_on_and_one_warning_names_the_fix() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    async {
        for span in [RequestSpan::Own, RequestSpan::Current, RequestSpan::Off] {
            let layer = RequestIdLayer::new().trace_context(TraceContext::OpenTelemetry);
            let (trace, sent) = respond(layer.span(span), inbound("foo=1")).await;
            assert!(!trace.owned);
            assert_eq!(sent["traceparent"], format!("00-{TRACE}-{SPAN}-01"));
            assert_eq!(sent["tracestate"], "foo=1");
        }
    }
    .with_subscriber(subscriber)
    .await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("WARN")).collect();
    let [warning] = warnings[..] else { panic!("{log}") };
    for fix in ["tracing_opentelemetry::layer()", "RequestSpan::Own", "outside of RequestIdLayer"] {
        assert!(warning.contains(fix), "{fix} is not in {warning}");
    }
}
