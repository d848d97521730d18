//! The fields of a record.

use std::net::SocketAddr;

use crate::{
    filters::status,
    log::{Log, get, send},
};
use battlement_access_log::{AccessLogLayer, BytesInLayer, Query};
use battlement_core::{
    ClientIp, CorrelationId, Ids, PeerAddr, RequestFacts, RequestId, SpanId, Trace, TraceFlags,
    TraceId, Via,
};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty, Full};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};
use tracing::Instrument;

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
