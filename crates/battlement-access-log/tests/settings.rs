//! The settings of the layer and of its routes decide which records are written, and how.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod log;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use battlement_access_log::{
    AccessLogLayer, AccessLogOverride, BytesInLayer, Level, Levels, Observe, Outcome, Query,
    Sample, Skip,
};
use battlement_core::{
    ClientIp, CorrelationId, Ids, PeerAddr, RequestFacts, RequestId, SpanId, Trace, TraceFlags,
    TraceId, Via,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use log::{Log, get, hello, send};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};
use tracing::Instrument;

fn status(status: u16) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::default()).unwrap()
}

#[tokio::test]
async fn a_filter_that_takes_no_record_leaves_the_request_alone() {
    let (log, _guard) = Log::of(Level::ERROR);
    send(&AccessLogLayer::new(), get("/"), status(200)).await;
    assert!(log.records().is_empty());
    drop((log, _guard));
    let service = service_fn(async |request: Request<Empty<Bytes>>| {
        assert!(RequestFacts::of(&request).is_none(), "nothing was done for a record");
        Ok::<_, std::convert::Infallible>(status(500))
    });
    let _off = tracing::subscriber::set_default(tracing::subscriber::NoSubscriber::default());
    drop(AccessLogLayer::new().layer(service).oneshot(get("/")).await.unwrap());
    let disabled = AccessLogLayer::new().enabled(false);
    drop(disabled.layer(service).oneshot(get("/")).await.unwrap());
}

#[tokio::test]
async fn levels_are_configurable_and_filtered() {
    let (log, _guard) = Log::of(Level::WARN);
    let layer = AccessLogLayer::new().levels(Levels::new().client_error(Level::WARN));
    for code in [200, 404, 500] {
        send(&layer, get("/"), status(code)).await;
    }
    assert_eq!(log.outcomes(), ["client_error", "500"]);
    assert_eq!(log.records()[0]["level"], "WARN");
}

#[tokio::test]
async fn the_ids_are_in_the_record_unless_the_span_of_the_request_has_them() {
    let (log, _guard) = Log::start();
    let identified = || {
        let mut ids = Ids::new("an-id".parse::<RequestId>().unwrap());
        ids.correlation = Some(CorrelationId("a-flow".parse().unwrap()));
        let (trace, span) = (TraceId::new([1; 16]).unwrap(), SpanId::new([2; 8]).unwrap());
        ids.trace = Some(Trace::received(trace, span, TraceFlags::SAMPLED));
        let mut request = get("/");
        request.extensions_mut().insert(RequestFacts::identified(Instant::now(), ids));
        request
    };
    send(&AccessLogLayer::new(), identified(), status(200)).await;
    let span = tracing::info_span!(target: "battlement::request", "request", request_id = "an-id");
    send(&AccessLogLayer::new(), identified(), status(200)).instrument(span).await;
    let [without, within] = log.records().try_into().unwrap();
    assert_eq!(without["request_id"], "an-id");
    assert_eq!(without["correlation_id"], "a-flow");
    assert_eq!(without["trace_id"], "01".repeat(16));
    assert_eq!(without["span_id"], "02".repeat(8));
    for name in ["request_id", "correlation_id", "trace_id", "span_id"] {
        assert!(within.get(name).is_none(), "{name} is in the span already");
    }
    assert_eq!(within["span"]["request_id"], "an-id");
}

#[tokio::test]
async fn the_head_of_the_request_and_its_client_are_in_the_record() {
    let (log, _guard) = Log::start();
    let mut request = Request::post("/orders/7?token=abc&page=2")
        .header("user-agent", "curl/8")
        .header("content-length", "0")
        .header("x-other", "not logged")
        .body(Empty::new())
        .unwrap();
    request.extensions_mut().insert(PeerAddr(SocketAddr::from(([10, 0, 0, 1], 99))));
    let facts = RequestFacts::of_or_start(&mut request);
    facts.set_client(ClientIp::new([192, 0, 2, 1].into(), Via::Header));
    facts.set_route("/orders/{id}");
    let layer = AccessLogLayer::new().query(Query::Redact).headers(["user-agent", "x-missing"]);
    send(&layer, request, status(201)).await;
    let record = log.record();
    for (name, value) in [
        ("http.request.method", "POST"),
        ("url.path", "/orders/7"),
        ("url.query", "token=REDACTED&page=2"),
        ("http.route", "/orders/{id}"),
        ("network.protocol.version", "1.1"),
        ("network.peer.address", "10.0.0.1"),
        ("client.address", "192.0.2.1"),
        ("http.request.headers", "user-agent: curl/8"),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert_eq!(record["network.peer.port"], 99);
    assert_eq!(record["http.request.body.size"], 0);
}

#[tokio::test]
async fn a_route_changes_its_level_or_switches_the_record_off() {
    let (log, _guard) = Log::of(Level::DEBUG);
    let layer = AccessLogLayer::new();
    let quiet = AccessLogOverride::new().level(Level::DEBUG);
    let fine = service_fn(async |_: Request<_>| Ok::<_, std::convert::Infallible>(status(200)));
    drop(layer.layer(quiet.layer(fine)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.record()["level"], "DEBUG");
    let failing = service_fn(async |_: Request<_>| Ok::<_, std::convert::Infallible>(status(500)));
    drop(layer.layer(quiet.layer(failing)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.records()[1]["level"], "ERROR", "a quiet route does not hide its failures");
    let off = AccessLogOverride::new().off();
    drop(layer.layer(off.layer(failing)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.records().len(), 2);
    // The line of a received request is written before the request reaches the route.
    let layer = layer.received(true);
    drop(layer.layer(off.layer(fine)).oneshot(get("/")).await.unwrap());
    assert_eq!(log.records()[2..].len(), 1);
    assert_eq!(log.records()[2]["stage"], "received");
}

#[tokio::test]
async fn a_layer_that_is_applied_twice_writes_one_record_and_two_layers_write_two() {
    let (log, _guard) = Log::start();
    let layer = AccessLogLayer::new();
    let twice = layer.layer(layer.layer(hello()));
    for _ in 0..2 {
        let response = twice.clone().oneshot(get("/")).await.unwrap();
        drop(response.into_body().collect().await.unwrap());
    }
    assert_eq!(log.records().len(), 2);
    let other = AccessLogLayer::new().layer(layer.layer(hello()));
    drop(other.oneshot(get("/")).await.unwrap());
    assert_eq!(log.records().len(), 4);
}

#[tokio::test]
async fn the_line_of_a_received_request_passes_the_same_filter() {
    let (log, _guard) = Log::start();
    let layer = AccessLogLayer::new().received(true).skip(Skip::paths(["/livez"]));
    send(&layer, get("/livez"), status(200)).await;
    assert!(log.records().is_empty());
    send(&layer, get("/livez"), status(503)).await;
    assert_eq!(log.outcomes(), ["503"], "the status was not known when the probe was received");
    send(&layer, get("/orders"), status(200)).await;
    let [_, received, completed] = log.records().try_into().unwrap();
    assert_eq!(
        (&received["stage"], &received["message"]),
        (&"received".into(), &"request received".into())
    );
    assert!(
        received.get("http.response.status_code").is_none() && completed.get("stage").is_none()
    );
}

#[derive(Clone, Default)]
struct Counts(Arc<[AtomicU64; 2]>);

impl Observe for Counts {
    fn recorded(&self, outcome: Outcome) {
        assert_ne!(outcome.word(), "");
        self.0[0].fetch_add(1, Relaxed);
    }

    fn sampled_out(&self) {
        self.0[1].fetch_add(1, Relaxed);
    }
}

#[tokio::test]
async fn sampling_keeps_failures_and_reports_the_records_it_leaves_out() {
    let (log, _guard) = Log::start();
    let counts = Counts::default();
    let layer = AccessLogLayer::new().sample(Sample::one_in(u32::MAX)).observe(counts.clone());
    let identified = || {
        let mut request = get("/");
        let ids = Ids::new("an-id".parse::<RequestId>().unwrap());
        request.extensions_mut().insert(RequestFacts::identified(Instant::now(), ids));
        request
    };
    send(&layer, identified(), status(200)).await;
    send(&layer, identified(), status(500)).await;
    assert_eq!(log.outcomes(), ["500"]);
    assert_eq!([0, 1].map(|at: usize| counts.0[at].load(Relaxed)), [1, 1]);
}

#[tokio::test]
async fn records_of_requests_and_calls_without_ids_have_the_weight_1() {
    let (log, _guard) = Log::start();
    for sample in [Sample::one_in(100), Sample::sampled_traces(100)] {
        send(&AccessLogLayer::new().sample(sample).received(true), get("/"), status(200)).await;
        let client = AccessLogLayer::client("shop").sample(sample);
        drop(client.layer(hello()).oneshot(get("/")).await.unwrap());
    }
    let records = log.records();
    let stages: Vec<_> = records.iter().map(|record| record["stage"].as_str()).collect();
    assert_eq!(stages, [Some("received"), None, None].repeat(2));
    assert!(records.iter().all(|record| record.get("sample_weight").is_none()), "{records:?}");
}

#[tokio::test]
async fn bytes_of_the_request_are_counted_as_they_are_read_if_asked() {
    let (log, _guard) = Log::start();
    let reads = service_fn(async |request: Request<_>| {
        let body: battlement_access_log::BytesInBody<Full<Bytes>> = request.into_body();
        drop(body.collect().await.unwrap());
        Ok::<_, std::convert::Infallible>(status(200))
    });
    let request = Request::post("/").body(Full::<Bytes>::from("twelve bytes")).unwrap();
    drop(
        AccessLogLayer::new()
            .layer(BytesInLayer::new().layer(reads))
            .oneshot(request)
            .await
            .unwrap(),
    );
    assert_eq!(log.record()["http.request.body.size"], 12);
}

#[test]
#[should_panic(
    expected = "AccessLogLayer: headers[0]: must not be \"authorization\", which is never logged"
)]
fn a_header_with_credentials_is_rejected() {
    let _ = AccessLogLayer::new().headers(["authorization"]);
}

#[test]
#[should_panic(
    expected = "AccessLogLayer: headers[0]: must not be \"x-mine\", which is never logged"
)]
fn a_header_of_the_user_s_list_is_rejected_in_either_order() {
    let _ = AccessLogLayer::new().headers(["x-mine"]).never(["x-mine"]);
}
