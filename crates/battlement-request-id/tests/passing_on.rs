//! Headers that calls pass on: the trace that the service only reads, and of a proxied request no more than was
//! accepted.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{convert::Infallible, future::ready};

use battlement_core::CallFacts;
use battlement_request_id::{PropagateLayer, RequestIdLayer, TraceContext, Trust};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use proptest::{prelude::*, sample::select};
use tower::{Layer, Service, ServiceExt, service_fn};

const TRACE: &str = "12345678901234567890123456789012";
const TRACEPARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

/// Returns a client that responds with the headers of its call.
fn client()
-> impl Service<Request<()>, Response = HeaderMap, Error = Infallible, Future: Send> + Clone {
    let wire =
        service_fn(|request: Request<()>| ready(Ok::<_, Infallible>(request.headers().clone())));
    PropagateLayer::new().layer(wire)
}

/// Sends `inbound` to a handler behind `server` and returns the headers of the call that `make` makes of it.
async fn sent(
    server: RequestIdLayer,
    inbound: &[(&str, &str)],
    make: fn(Request<()>) -> Request<()>,
) -> HeaderMap {
    let handler = service_fn(move |request: Request<()>| async move {
        tokio::task::yield_now().await;
        let sent = client().oneshot(make(request)).await?;
        let mut response = Response::new(Full::<Bytes>::default());
        response.extensions_mut().insert(sent);
        Ok::<_, Infallible>(response)
    });
    let mut request = Request::new(());
    for (name, value) in inbound {
        let (name, value) = (HeaderName::try_from(*name), HeaderValue::try_from(*value));
        request.headers_mut().append(name.unwrap(), value.unwrap());
    }
    let response = server.layer(handler).oneshot(request).await.unwrap();
    response.extensions().get::<HeaderMap>().unwrap().clone()
}

/// Makes a call of the handler's own.
fn new_call(_: Request<()>) -> Request<()> {
    Request::new(())
}

/// Passes the same request on, as a reverse proxy does.
const fn passed_on(request: Request<()>) -> Request<()> {
    request
}

/// Creates a new request with a copy of all headers, as a proxy with another request type does.
fn copied(request: Request<()>) -> Request<()> {
    let mut call = Request::new(());
    *call.headers_mut() = request.headers().clone();
    call
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

mod accepted {
    use super::*;

    #[tokio::test]
    async fn the_defaults_pass_both_trace_headers_on() {
        let inbound = [("traceparent", TRACEPARENT), ("tracestate", "foo=1,bar=2")];
        for make in [new_call, passed_on, copied] {
            let sent = sent(RequestIdLayer::new(), &inbound, make).await;
            assert_eq!(values(&sent, "traceparent"), [TRACEPARENT]);
            assert_eq!(values(&sent, "tracestate"), ["foo=1,bar=2"]);
        }
    }

    #[tokio::test]
    async fn a_trace_without_a_state_is_passed_on_without_one() {
        let sent = sent(RequestIdLayer::new(), &[("traceparent", TRACEPARENT)], new_call).await;
        assert_eq!(values(&sent, "traceparent"), [TRACEPARENT]);
        assert!(!sent.contains_key("tracestate"), "{sent:?}");
    }

    #[tokio::test]
    async fn a_stray_tracestate_on_a_call_gives_way_to_the_trace_that_is_passed_on() {
        let stray =
            |_: Request<()>| Request::builder().header("tracestate", "stray=1").body(()).unwrap();
        let sent = sent(RequestIdLayer::new(), &[("traceparent", TRACEPARENT)], stray).await;
        assert_eq!(values(&sent, "traceparent"), [TRACEPARENT]);
        assert!(!sent.contains_key("tracestate"), "{sent:?}");
    }

    #[tokio::test]
    async fn a_trace_that_the_call_has_already_stays() {
        let own = |_: Request<()>| {
            let call = Request::builder().header("traceparent", "my own");
            call.header("tracestate", "my=own").body(()).unwrap()
        };
        let inbound = [("traceparent", TRACEPARENT), ("tracestate", "foo=1")];
        let sent = sent(RequestIdLayer::new(), &inbound, own).await;
        assert_eq!(values(&sent, "traceparent"), ["my own"]);
        assert_eq!(values(&sent, "tracestate"), ["my=own"]);
    }

    #[tokio::test]
    async fn a_service_that_takes_part_replaces_both() {
        let inbound = [("traceparent", TRACEPARENT), ("tracestate", "foo=1, bar=2")];
        for make in [new_call, passed_on] {
            let server = RequestIdLayer::new().trace_context(TraceContext::Own);
            let sent = sent(server, &inbound, make).await;
            let [traceparent] = values(&sent, "traceparent")[..] else { panic!("{sent:?}") };
            assert!(traceparent.contains(TRACE) && traceparent != TRACEPARENT, "{traceparent}");
            assert_eq!(values(&sent, "tracestate"), ["foo=1,bar=2"]);
        }
    }

    #[tokio::test]
    async fn a_state_longer_than_any_valid_one_is_not_copied_onto_calls() {
        let longest = "x".repeat(32 * 513 + 31);
        let inbound = [("traceparent", TRACEPARENT), ("tracestate", longest.as_str())];
        let kept = sent(RequestIdLayer::new(), &inbound, new_call).await;
        assert!(values(&kept, "tracestate") == [longest.as_str()]);

        let too_long = format!("{longest}x");
        let inbound = [("traceparent", TRACEPARENT), ("tracestate", too_long.as_str())];
        let sent = sent(RequestIdLayer::new(), &inbound, new_call).await;
        assert_eq!(values(&sent, "traceparent"), [TRACEPARENT]);
        assert!(!sent.contains_key("tracestate"));
    }

    fn passes_unchanged(traceparent: &str, states: &[String]) -> Result<(), TestCaseError> {
        let mut inbound = vec![("traceparent", traceparent)];
        inbound.extend(states.iter().map(|state| ("tracestate", state.as_str())));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sent = runtime.block_on(sent(RequestIdLayer::new(), &inbound, new_call));
        prop_assert_eq!(values(&sent, "traceparent"), [traceparent]);
        prop_assert_eq!(values(&sent, "tracestate"), states);
        Ok(())
    }

    proptest! {
        #[test]
        fn a_service_that_does_not_trace_changes_no_byte_of_either_header(
            version in select(vec!["00", "01", "0a", "cc", "fe"]),
            trace in "[0-9a-f]{31}[1-9a-f]",
            span in "[0-9a-f]{15}[1-9a-f]",
            flags in "[0-9a-f]{2}",
            rest in "(-[a-z0-9.-]{0,40})?",
            states in prop::collection::vec("[a-z0-9@*/_ =,.A-Z\t]{0,40}", 0..4),
        ) {
            let rest = if version == "00" { "" } else { &rest };
            passes_unchanged(&format!("{version}-{trace}-{span}-{flags}{rest}"), &states)?;
        }
    }
}

mod refused {
    use super::*;

    const INBOUND: [(&str, &str); 4] = [
        ("x-request-id", "a-forged-id"),
        ("x-correlation-id", "a-forged-flow"),
        ("traceparent", TRACEPARENT),
        ("tracestate", "forged=1"),
    ];

    fn distrusting() -> [Trust; 3] {
        let network = "10.0.0.0/8".parse().unwrap();
        [Trust::Never, Trust::when(|_| false), Trust::peers([network])]
    }

    const MODES: [TraceContext; 3] = [TraceContext::Off, TraceContext::Read, TraceContext::Own];

    fn holds_nothing_forged(sent: &HeaderMap) {
        for (name, value) in sent {
            let value = value.to_str().unwrap();
            assert!(!value.contains("forged") && !value.contains(TRACE), "{name}: {value}");
        }
    }

    #[tokio::test]
    async fn a_proxy_that_distrusts_its_caller_passes_on_none_of_its_ids_and_traces() {
        for trust in distrusting() {
            for mode in MODES {
                let server = RequestIdLayer::new().trust(trust.clone()).trace_context(mode);
                let sent = sent(server, &INBOUND, passed_on).await;
                holds_nothing_forged(&sent);
                assert!(sent.contains_key("x-request-id"), "the service's own id goes on");
                assert_eq!(sent.contains_key("traceparent"), mode == TraceContext::Own);
            }
        }
    }

    #[tokio::test]
    async fn facts_of_the_call_make_the_headers_of_a_stranger_no_better() {
        let with_facts = |mut request: Request<()>| {
            let facts = CallFacts::of(&request);
            request.extensions_mut().insert(facts);
            request
        };
        let server = RequestIdLayer::new().trust(Trust::Never);
        holds_nothing_forged(&sent(server, &INBOUND, with_facts).await);
    }

    #[tokio::test]
    async fn a_trace_that_is_distrusted_apart_from_ids_goes_on_without_them() {
        for mode in MODES {
            let server = RequestIdLayer::new().trust_trace(Trust::Never).trace_context(mode);
            let sent = sent(server, &INBOUND, passed_on).await;
            assert_eq!(sent["x-request-id"], "a-forged-id");
            assert_eq!(sent["x-correlation-id"], "a-forged-flow");
            assert!(!sent.contains_key("tracestate"), "{sent:?}");
            assert!(sent.get("traceparent").is_none_or(|trace| trace != TRACEPARENT));
        }
    }

    #[tokio::test]
    async fn a_correlation_id_that_was_refused_is_replaced_where_such_are_kept() {
        let name = HeaderName::from_static("x-correlation-id");
        let server = RequestIdLayer::new().trust(Trust::Never).correlation(name);
        let sent = sent(server, &INBOUND, passed_on).await;
        assert_eq!(sent["x-correlation-id"], sent["x-request-id"]);
        holds_nothing_forged(&sent);
    }

    #[tokio::test]
    async fn a_trace_that_cannot_be_read_is_removed_with_its_state() {
        let twice = [("traceparent", TRACEPARENT), ("traceparent", TRACEPARENT)];
        let malformed = [("traceparent", "00-nothing"), ("tracestate", "foo=1")];
        let stray = [("tracestate", "foo=1")];
        for inbound in [&twice[..], &malformed, &stray] {
            for make in [new_call, passed_on] {
                let sent = sent(RequestIdLayer::new(), inbound, make).await;
                assert!(!sent.contains_key("traceparent"), "{inbound:?}: {sent:?}");
                assert!(!sent.contains_key("tracestate"), "{inbound:?}: {sent:?}");
            }
        }
    }

    #[tokio::test]
    async fn headers_of_a_trusted_caller_that_the_service_does_not_read_are_kept() {
        let inbound = [
            ("x-correlation-id", "a flow, in its own form"),
            ("traceparent", "not looked at"),
            ("tracestate", "nor this"),
        ];
        let server = RequestIdLayer::new().trace_context(TraceContext::Off);
        let sent = sent(server, &inbound, passed_on).await;
        for (name, value) in inbound {
            assert_eq!(values(&sent, name), [value]);
        }
    }

    #[tokio::test]
    async fn a_call_of_its_own_gets_nothing_of_a_caller_that_is_distrusted() {
        for trust in distrusting() {
            let server = RequestIdLayer::new().trust(trust);
            let sent = sent(server, &INBOUND, new_call).await;
            holds_nothing_forged(&sent);
            assert_eq!(sent.len(), 1, "{sent:?}");
        }
    }

    #[tokio::test]
    async fn rewritten_headers_are_safe_to_copy_onto_a_call() {
        for trust in distrusting() {
            for mode in MODES {
                let server = RequestIdLayer::new().trust(trust.clone()).trace_context(mode);
                let sent = sent(server.rewrite_request(true), &INBOUND, copied).await;
                holds_nothing_forged(&sent);
                assert!(sent.contains_key("x-request-id"), "the service's own id goes on");
            }
        }
    }

    #[tokio::test]
    async fn rewriting_keeps_an_id_of_the_request_under_the_usual_name_of_the_other() {
        let name = HeaderName::from_static("x-correlation-id");
        let server = RequestIdLayer::new().header(name).trust(Trust::Never).rewrite_request(true);
        let sent = sent(server, &[("x-correlation-id", "a-forged-flow")], copied).await;
        assert_eq!(sent["x-correlation-id"], sent["x-request-id"]);
        holds_nothing_forged(&sent);
    }

    #[tokio::test]
    async fn rewriting_leaves_what_was_accepted() {
        let inbound = [
            ("x-request-id", "inbound-id"),
            ("x-correlation-id", "a-flow"),
            ("traceparent", TRACEPARENT),
            ("tracestate", "foo=1"),
        ];
        let sent = sent(RequestIdLayer::new().rewrite_request(true), &inbound, copied).await;
        for (name, value) in inbound {
            assert_eq!(values(&sent, name), [value]);
        }
    }
}
