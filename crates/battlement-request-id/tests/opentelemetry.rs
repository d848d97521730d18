//! With the feature `opentelemetry`, ids of traces are those of the spans that are really exported.
#![cfg(feature = "opentelemetry")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;

use battlement_request_id::{PropagateLayer, RequestIdLayer, Trace, TraceContext};
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::Full;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tower::{Layer, Service, ServiceExt, service_fn};
use tracing::{Instrument, Span, instrument::WithSubscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::layer::SubscriberExt;

/// Runs `work` where spans of `tracing` are spans of OpenTelemetry.
async fn with_opentelemetry<T>(work: impl Future<Output = T>) -> T {
    let tracer = SdkTracerProvider::builder().build().tracer("test");
    let subscriber =
        tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer));
    work.with_subscriber(subscriber).await
}

/// Returns trace id and span id of the current span, as OpenTelemetry has them.
fn current_span() -> (String, String) {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    (span.trace_id().to_string(), span.span_id().to_string())
}

fn client(
    opentelemetry: bool,
) -> impl Service<Request<()>, Response = HeaderMap, Error = Infallible, Future: Send> {
    let wire =
        service_fn(async |request: Request<()>| Ok::<_, Infallible>(request.headers().clone()));
    PropagateLayer::new().opentelemetry(opentelemetry).layer(wire)
}

#[tokio::test]
async fn a_call_carries_the_span_it_is_made_in() {
    with_opentelemetry(async {
        async {
            tokio::task::yield_now().await;
            let (trace_id, span_id) = current_span();
            let sent = client(true).oneshot(Request::new(())).await.unwrap();
            assert_eq!(sent["traceparent"], format!("00-{trace_id}-{span_id}-01"));
        }
        .instrument(tracing::info_span!("call"))
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_call_outside_of_any_span_carries_none_and_one_without_the_switch_neither() {
    with_opentelemetry(async {
        let sent = client(true).oneshot(Request::new(())).await.unwrap();
        assert!(sent.is_empty(), "{sent:?}");
        let call = client(false).oneshot(Request::new(()));
        let sent = call.instrument(tracing::info_span!("call")).await.unwrap();
        assert!(sent.is_empty(), "{sent:?}");
    })
    .await;
}

/// The id of the span that a handler ran in.
#[derive(Clone)]
struct Inner(String);

#[tokio::test]
async fn the_server_keeps_the_trace_of_the_span_around_it_and_its_calls_continue_it() {
    with_opentelemetry(async {
        let span = tracing::info_span!("server");
        let handler = service_fn(async |request: Request<()>| {
            let trace = Trace::of(&request).unwrap();
            let sent = client(false).oneshot(Request::new(())).await?;
            let mut response = Response::new(Full::<Bytes>::default());
            response
                .extensions_mut()
                .insert((trace.trace_id.to_string(), trace.span_id.to_string()));
            response.extensions_mut().insert(sent);
            response.extensions_mut().insert(Inner(current_span().1));
            Ok::<_, Infallible>(response)
        });
        let layer = RequestIdLayer::new().trace_context(TraceContext::OpenTelemetry);
        let (response, outer) = async {
            let outer = current_span();
            (layer.layer(handler).oneshot(Request::new(())).await.unwrap(), outer)
        }
        .instrument(span)
        .await;
        assert_eq!(response.extensions().get::<(String, String)>(), Some(&outer));
        // The call's parent is the span it is made in: the layer's own, a child of the outer one.
        let sent = &response.extensions().get::<HeaderMap>().unwrap()["traceparent"];
        let inner = response.extensions().get::<Inner>().unwrap();
        assert_eq!(sent, &format!("00-{}-{}-01", outer.0, inner.0));
        assert_ne!(inner.0, outer.1);
    })
    .await;
}

#[tokio::test]
async fn without_such_a_span_the_caller_s_trace_is_read() {
    let traceparent = "00-12345678901234567890123456789012-1234567890123456-01";
    let handler = service_fn(async |request: Request<()>| {
        let trace = Trace::of(&request).unwrap();
        assert_eq!(trace.span_id.to_string(), "1234567890123456");
        assert!(!trace.owned);
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let layer = RequestIdLayer::new().trace_context(TraceContext::OpenTelemetry);
    let request = Request::builder().header("traceparent", traceparent).body(()).unwrap();
    layer.layer(handler).oneshot(request).await.unwrap();
}
