//! W3C Trace Context, level 2, as its validation harness tests it: a service receives headers, calls another service,
//! and the test checks the headers of that call. Each row is a rule.

use battlement::request_id::{PropagateLayer, RequestIdLayer, TraceContext};
use battlement_testkit::{client::Raw, server::Server};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use tower::{Layer, ServiceExt as _, service_fn};

use crate::services::{header_service, hyper_client};

const TRACE: &str = "12345678901234567890123456789012";
const SPAN: &str = "1234567890123456";

/// The headers of the call.
struct Sent {
    trace_id: String,
    parent_id: String,
    flags: String,
    state: Vec<String>,
}

/// A service under test, and the service that it calls.
struct Harness {
    service: Server,
    _upstream: Server,
}

impl Harness {
    async fn start() -> Self {
        Self::with(RequestIdLayer::new().trace_context(TraceContext::Own)).await
    }

    async fn with(layer: RequestIdLayer) -> Self {
        let upstream = Server::http1(header_service()).await.unwrap();
        let url = upstream.url("/");
        let client = PropagateLayer::new().layer(hyper_client());
        let handler = service_fn(move |_: Request<Incoming>| {
            let call = Request::get(&url).body(Empty::new()).unwrap();
            let client = client.clone();
            async move {
                let answer = client.oneshot(call).await?;
                let said: Bytes = answer.into_body().collect().await.unwrap().to_bytes();
                Ok::<_, hyper_util::client::legacy::Error>(Response::new(Full::new(said)))
            }
        });
        let service = Server::http1(layer.layer(handler)).await.unwrap();
        Self { service, _upstream: upstream }
    }

    /// Sends `headers` unchanged, one per line.
    async fn send(&self, headers: &[String]) -> Sent {
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let request = format!("GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{lines}\r\n");
        let answer = Raw::exchange(self.service.addr(), request).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, sent) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        let values = |name: &str| {
            let values = sent.lines().filter_map(|line| line.strip_prefix(name));
            values.map(str::to_owned).collect::<Vec<_>>()
        };
        let traceparent = values("traceparent: ");
        assert_eq!(traceparent.len(), 1, "{sent}");
        let fields: Vec<_> = traceparent[0].split('-').collect();
        let ["00", trace_id, parent_id, flags] = fields[..] else { panic!("{sent}") };
        assert_eq!((trace_id.len(), parent_id.len(), flags.len()), (32, 16, 2), "{sent}");
        Sent {
            trace_id: trace_id.to_owned(),
            parent_id: parent_id.to_owned(),
            flags: flags.to_owned(),
            state: values("tracestate: "),
        }
    }
}

fn valid() -> String {
    format!("traceparent: 00-{TRACE}-{SPAN}-00")
}

#[tokio::test]
async fn a_valid_trace_is_continued_with_a_new_parent() {
    let harness = Harness::start().await;
    let rows = [
        (format!("traceparent: 00-{TRACE}-{SPAN}-01"), "01"),
        (format!("traceparent: 00-{TRACE}-{SPAN}-00"), "00"),
        (format!("traceparent: 00-{TRACE}-{SPAN}-02"), "02"),
        (format!("traceparent: 00-{TRACE}-{SPAN}-ff"), "03"),
        (format!("TraceParent: 00-{TRACE}-{SPAN}-01"), "01"),
        (format!("TRACEPARENT: 00-{TRACE}-{SPAN}-01"), "01"),
        (format!("traceparent:\t 00-{TRACE}-{SPAN}-01 \t"), "01"),
        (format!("traceparent: cc-{TRACE}-{SPAN}-01"), "01"),
        (format!("traceparent: cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"), "01"),
    ];
    for (header, flags) in rows {
        let sent = harness.send(std::slice::from_ref(&header)).await;
        assert_eq!(sent.trace_id, TRACE, "{header}");
        assert_ne!(sent.parent_id, SPAN, "{header}");
        assert_eq!(sent.flags, flags, "{header}");
    }
}

#[tokio::test]
async fn an_invalid_trace_is_replaced_by_a_new_one_without_its_state() {
    let harness = Harness::start().await;
    let zero_trace = "0".repeat(32);
    let zero_span = "0".repeat(16);
    let rows = [
        "x-nothing: at all".to_owned(),
        format!("trace-parent: 00-{TRACE}-{SPAN}-01"),
        format!("traceparent: 00-{TRACE}-{SPAN}-01."),
        format!("traceparent: 00-{TRACE}-{SPAN}-01-what-the-future-will-be-like"),
        format!("traceparent: cc-{TRACE}-{SPAN}-01.what-the-future-will-be-like"),
        format!("traceparent: ff-{TRACE}-{SPAN}-01"),
        format!("traceparent: .0-{TRACE}-{SPAN}-01"),
        format!("traceparent: 0-{TRACE}-{SPAN}-01"),
        format!("traceparent: 000-{TRACE}-{SPAN}-01"),
        format!("traceparent: 00-{zero_trace}-{SPAN}-01"),
        format!("traceparent: 00-.{}-{SPAN}-01", &TRACE[1..]),
        format!("traceparent: 00-{TRACE}0-{SPAN}-01"),
        format!("traceparent: 00-{}-{SPAN}-01", &TRACE[1..]),
        format!("traceparent: 00-{TRACE}-{zero_span}-01"),
        format!("traceparent: 00-{TRACE}-.{}-01", &SPAN[1..]),
        format!("traceparent: 00-{TRACE}-{SPAN}0-01"),
        format!("traceparent: 00-{TRACE}-{}-01", &SPAN[1..]),
        format!("traceparent: 00-{TRACE}-{SPAN}-.0"),
        format!("traceparent: 00-{TRACE}-{SPAN}-001"),
        format!("traceparent: 00-{TRACE}-{SPAN}-1"),
        "traceparent: ".to_owned(),
    ];
    for header in rows {
        let sent = harness.send(&[header.clone(), "tracestate: foo=1".to_owned()]).await;
        assert_ne!(sent.trace_id, TRACE, "{header}");
        assert_ne!(sent.trace_id, zero_trace, "{header}");
        assert_eq!(sent.state, [""; 0], "{header}");
        assert_eq!(sent.flags, "02", "a new trace is random and not sampled: {header}");
    }
}

#[tokio::test]
async fn a_repeated_traceparent_is_invalid() {
    let harness = Harness::start().await;
    let other = valid().replace("9012-", "9011-");
    let sent = harness.send(&[other, valid()]).await;
    assert!(!sent.trace_id.starts_with("123456789012345678901234567890"), "{}", sent.trace_id);
}

#[tokio::test]
async fn a_valid_state_is_forwarded_as_one_list_in_its_order() {
    let harness = Harness::start().await;
    let all: String = (b' '..=b'~').filter(|b| !b",=".contains(b)).map(char::from).collect();
    let all = format!("abcdefghijklmnopqrstuvwxyz0123456789_-*/@a={all}");
    let rows = [
        (vec!["foo=1,bar=2"], "foo=1,bar=2"),
        (vec!["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
        (vec!["foo=1", ""], "foo=1"),
        (vec!["", "foo=1"], "foo=1"),
        (vec!["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
        (vec!["\t foo=1 \t"], "foo=1"),
        (vec!["foo=1,bar=2,foo=1"], "foo=1,bar=2"),
        (vec!["foo=1,bar=2", "foo=3"], "foo=1,bar=2"),
        (vec![all.as_str()], all.as_str()),
    ];
    for (lines, expected) in rows {
        let mut headers = vec![valid()];
        headers.extend(lines.iter().map(|line| format!("TraceState: {line}")));
        let sent = harness.send(&headers).await;
        assert_eq!(sent.trace_id, TRACE, "{lines:?}");
        assert_eq!(sent.state, [expected], "{lines:?}");
    }
}

#[tokio::test]
async fn an_invalid_state_is_dropped_and_the_trace_continues() {
    let harness = Harness::start().await;
    let too_many = (1..=33).map(|n| format!("bar{n:02}={n:02}")).collect::<Vec<_>>().join(",");
    let long_key = format!("foo=1,{}=1", "z".repeat(257));
    let rows = [
        "",
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1,bar=2",
        "foo=bar=baz",
        "foo=,bar=3",
        too_many.as_str(),
        long_key.as_str(),
    ];
    for state in rows {
        let sent = harness.send(&[valid(), format!("tracestate: {state}")]).await;
        assert_eq!(sent.trace_id, TRACE, "{state:?}");
        assert_eq!(sent.state, [""; 0], "{state:?}");
    }
    let misnamed = harness.send(&[valid(), "trace-state: foo=1".to_owned()]).await;
    assert_eq!(misnamed.state, [""; 0]);
}

#[tokio::test]
async fn by_default_both_headers_are_forwarded_unchanged() {
    let harness = Harness::with(RequestIdLayer::new()).await;
    let traceparent = format!("traceparent: 00-{TRACE}-{SPAN}-01");
    let states = ["foo=1,bar=2,foo=1", "BAD", "baz = 3"];
    let mut headers = vec![traceparent];
    headers.extend(states.map(|state| format!("tracestate: {state}")));
    let sent = harness.send(&headers).await;
    assert_eq!((&*sent.trace_id, &*sent.parent_id, &*sent.flags), (TRACE, SPAN, "01"));
    assert_eq!(sent.state, states);
}

#[tokio::test]
async fn each_call_has_its_own_parent() {
    let harness = Harness::start().await;
    let mut parents = std::collections::HashSet::new();
    for _ in 0..3 {
        let sent = harness.send(&[valid()]).await;
        assert_eq!(sent.trace_id, TRACE);
        parents.insert(sent.parent_id);
    }
    assert_eq!(parents.len(), 3);
}
