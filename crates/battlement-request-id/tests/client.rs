//! The headers that the client layer writes, and those that it leaves unchanged.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, future::ready};

use battlement_core::{CallFacts, RequestFacts};
use battlement_request_id::{PropagateLayer, RequestIdLayer, TraceContext, Trust, scope};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt, service_fn};

const TRACEPARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// Returns a client that responds with the headers of its call.
fn client(
    layer: &PropagateLayer,
) -> impl Service<Request<()>, Response = HeaderMap, Error = Infallible, Future: Send> + Clone + use<>
{
    let wire =
        service_fn(|request: Request<()>| ready(Ok::<_, Infallible>(request.headers().clone())));
    layer.layer(wire)
}

/// Returns the headers of a call made by the handler of `inbound`.
async fn called(server: RequestIdLayer, inbound: Request<()>, outbound: Request<()>) -> HeaderMap {
    let layer = PropagateLayer::new();
    let handler = service_fn(|_: Request<()>| async {
        tokio::task::yield_now().await;
        let mut call = Request::new(());
        *call.headers_mut() = outbound.headers().clone();
        let sent = client(&layer).oneshot(call).await?;
        let mut response = Response::new(Full::<Bytes>::default());
        response.extensions_mut().insert(sent);
        Ok::<_, Infallible>(response)
    });
    let response = server.layer(handler).oneshot(inbound).await.unwrap();
    response.extensions().get::<HeaderMap>().unwrap().clone()
}

fn inbound() -> Request<()> {
    Request::builder()
        .header("x-request-id", "inbound-id")
        .header("traceparent", TRACEPARENT)
        .header("tracestate", "foo=1")
        .body(())
        .unwrap()
}

#[tokio::test]
async fn a_call_carries_the_id_of_the_request_it_is_made_for() {
    let sent = called(RequestIdLayer::new(), inbound(), Request::new(())).await;
    assert_eq!(sent["x-request-id"], "inbound-id");
    assert_eq!(sent.len(), 3, "an id and the two headers of the trace: {sent:?}");
}

#[tokio::test]
async fn a_correlation_id_is_carried_if_there_is_one() {
    let server = RequestIdLayer::new().correlation(HeaderName::from_static("x-correlation-id"));
    let sent = called(server, inbound(), Request::new(())).await;
    assert_eq!(sent["x-correlation-id"], "inbound-id");
}

#[tokio::test]
async fn an_owned_trace_is_continued_with_a_span_of_each_call() {
    let server = || RequestIdLayer::new().trace_context(TraceContext::Own);
    let first = called(server(), inbound(), Request::new(())).await;
    let second = called(server(), inbound(), Request::new(())).await;
    for sent in [&first, &second] {
        let traceparent = sent["traceparent"].to_str().unwrap();
        assert!(traceparent.starts_with("00-12345678901234567890123456789012-"));
        assert!(traceparent.ends_with("-01") && !traceparent.contains("-1234567890123456-"));
        assert_eq!(sent["tracestate"], "foo=1");
    }
    assert_ne!(first["traceparent"], second["traceparent"]);
}

#[tokio::test]
async fn a_header_that_is_there_already_stays() {
    let outbound = Request::builder()
        .header("x-request-id", "mine")
        .header("traceparent", "my own")
        .header("tracestate", "my=own")
        .body(())
        .unwrap();
    let server = RequestIdLayer::new().trace_context(TraceContext::Own);
    let sent = called(server, inbound(), outbound).await;
    assert_eq!(sent["x-request-id"], "mine");
    assert_eq!(sent["traceparent"], "my own");
    assert_eq!(sent["tracestate"], "my=own");
}

#[tokio::test]
async fn a_tracestate_that_belongs_to_no_trace_of_ours_goes() {
    let outbound = Request::builder().header("tracestate", "stray=1").body(()).unwrap();
    let server = RequestIdLayer::new().trust(Trust::Never).trace_context(TraceContext::Own);
    let sent = called(server, inbound(), outbound).await;
    assert!(sent.contains_key("traceparent") && !sent.contains_key("tracestate"));
}

#[tokio::test]
async fn outside_of_any_request_nothing_is_written() {
    let sent = client(&PropagateLayer::new()).oneshot(Request::new(())).await.unwrap();
    assert!(sent.is_empty(), "{sent:?}");
}

#[tokio::test]
async fn a_job_s_calls_carry_its_id_under_the_header_that_was_chosen() {
    let layer = PropagateLayer::new().header(HeaderName::from_static("x-job"));
    let call = client(&layer).oneshot(Request::new(()));
    let sent = scope("nightly-job".parse().unwrap(), call).await.unwrap();
    assert_eq!(sent["x-job"], "nightly-job");
}

/// Returns the headers of a request that a proxy passes on.
async fn proxied(server: RequestIdLayer, inbound: Request<()>) -> HeaderMap {
    let proxy = service_fn(async |request: Request<()>| {
        assert!(RequestFacts::of(&request).is_some());
        let sent = client(&PropagateLayer::new()).oneshot(request).await?;
        let mut response = Response::new(Full::<Bytes>::default());
        response.extensions_mut().insert(sent);
        Ok::<_, Infallible>(response)
    });
    let response = server.layer(proxy).oneshot(inbound).await.unwrap();
    response.extensions().get::<HeaderMap>().unwrap().clone()
}

#[tokio::test]
async fn a_proxy_passes_on_the_id_that_was_decided_and_not_the_one_that_was_sent() {
    let mut hostile = inbound();
    hostile.headers_mut().insert("x-request-id", HeaderValue::from_static("hostile id"));
    let server = RequestIdLayer::new().trust(Trust::Never).trace_context(TraceContext::Own);
    let sent = proxied(server, hostile).await;
    assert!(!sent["x-request-id"].to_str().unwrap().contains("hostile"));
    assert!(!sent["traceparent"].to_str().unwrap().contains("12345678901234567890123456789012"));
    assert!(!sent.contains_key("tracestate"));
}

#[tokio::test]
async fn a_proxy_that_only_reads_traces_passes_them_on_as_they_came() {
    let sent = proxied(RequestIdLayer::new(), inbound()).await;
    assert_eq!(
        (&sent["traceparent"], &sent["tracestate"]),
        (&HeaderValue::from_static(TRACEPARENT), &HeaderValue::from_static("foo=1"),)
    );
}

#[tokio::test]
async fn the_correlation_id_goes_under_the_header_that_was_chosen() {
    let layer = PropagateLayer::new().correlation(HeaderName::from_static("x-flow"));
    let handler = service_fn(|_: Request<()>| async {
        let sent = client(&layer).oneshot(Request::new(())).await?;
        assert_eq!(sent["x-flow"], "inbound-id");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let server = RequestIdLayer::new().correlation(HeaderName::from_static("x-flow"));
    server.layer(handler).oneshot(inbound()).await.unwrap();
}

#[test]
#[should_panic(expected = "must be a header that trace context does not define, got `traceparent`")]
fn an_id_does_not_go_under_a_header_of_trace_context() {
    let _ = PropagateLayer::new().header(HeaderName::from_static("traceparent"));
}

#[test]
fn a_header_that_http_owns_is_refused_by_name_for_either_id_of_a_call() {
    for name in http_owned() {
        for set in [PropagateLayer::header, PropagateLayer::correlation] {
            let panic =
                std::panic::catch_unwind(|| set(PropagateLayer::new(), name.clone())).unwrap_err();
            let message = panic.downcast_ref::<String>().unwrap();
            assert!(message.contains(&format!("got `{name}`")), "{message}");
        }
    }
}

#[test]
fn a_header_that_http_owns_is_refused_by_name_for_either_id_of_a_request() {
    for name in http_owned() {
        for set in [RequestIdLayer::header, RequestIdLayer::correlation] {
            let panic =
                std::panic::catch_unwind(|| set(RequestIdLayer::new(), name.clone())).unwrap_err();
            let message = panic.downcast_ref::<String>().unwrap();
            assert!(message.contains(&format!("got `{name}`")), "{message}");
        }
    }
}

/// Names that the http crate knows of, and a few that it does not.
fn http_owned() -> Vec<HeaderName> {
    let names = "connection content-length content-type cookie date expect grpc-status host http2-settings keep-alive \
                 location proxy-connection retry-after sec-fetch-site server set-cookie te trailer \
                 transfer-encoding upgrade vary www-authenticate";
    names.split_whitespace().map(|name| name.parse().unwrap()).collect()
}

#[test]
#[should_panic(expected = "x-request-id cannot be the header of both")]
fn two_ids_do_not_go_under_one_header() {
    let _ = PropagateLayer::new().correlation(HeaderName::from_static("x-request-id"));
}

#[tokio::test]
async fn a_proxy_that_rewrites_passes_on_ids_and_traces_of_ours_alone() {
    let server = RequestIdLayer::new()
        .trust(Trust::Never)
        .trace_context(TraceContext::Own)
        .rewrite_request(true);
    let sent = proxied(server, inbound()).await;
    assert_ne!(sent["x-request-id"], "inbound-id");
    let traceparent = sent["traceparent"].to_str().unwrap();
    assert!(!traceparent.contains("12345678901234567890123456789012"), "{traceparent}");
    assert!(!sent.contains_key("tracestate"));
    assert_eq!(sent.get_all("traceparent").iter().count(), 1);
}

#[tokio::test]
async fn a_call_with_facts_of_its_own_is_not_that_of_the_current_request() {
    let facts = scope("the-first-job".parse().unwrap(), async { CallFacts::current() }).await;
    let mut call = Request::new(());
    call.extensions_mut().insert(facts);
    let sent = scope("another-job".parse().unwrap(), client(&PropagateLayer::new()).oneshot(call));
    assert_eq!(sent.await.unwrap()["x-request-id"], "the-first-job");
}
