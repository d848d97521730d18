//! The mistakes of other access logs, under real servers.

use std::{convert::Infallible, pin::pin, time::Duration};

use battlement::access_log::{AccessLogLayer, Skip};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    eventually,
    matrix::{End, Responses, Way},
    probe::{Gate, ProbeBody},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tower::{Layer, Service, service_fn};

use crate::log::{JSON, Log, flush};

const DEADLINE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(60);

async fn recorded(log: &Log, count: usize) {
    assert!(eventually(DEADLINE, || log.records().len() == count).await, "{}", log.text());
}

// Hyper drops these bodies unpolled, or after the last frame without asking for the end.
#[tokio::test]
async fn a_head_a_204_a_304_and_a_sized_body_are_complete_although_hyper_drops_their_bodies() {
    let is_dropped = |way: &Way| {
        way.method == http::Method::HEAD
            || matches!(way.path, "/204" | "/304" | "/declared" | "/full")
    };
    let ways: Vec<_> = Way::ALL.into_iter().filter(is_dropped).collect();
    assert_eq!(ways.len(), 6);
    for way in ways {
        let (log, _guard) = Log::collect();
        let layer = AccessLogLayer::new();
        let is_over = || !log.records().is_empty();
        way.run(Protocol::Http1, |responses| layer.layer(responses), is_over).await;
        assert_eq!((way.end, &log.records()[0]["outcome"]), (End::Complete, &"ok".into()));
    }
}

#[tokio::test]
async fn trailers_without_a_grpc_status_are_a_failure() {
    let (log, _guard) = Log::collect();
    let service = AccessLogLayer::new().layer(service_fn(async |_: Request<Incoming>| {
        let trailers = HeaderMap::from_iter([(header::ETAG, "x".parse().unwrap())]);
        let mut response = Response::new(ProbeBody::from("four").stream().trailers(trailers));
        response.headers_mut().insert(header::CONTENT_TYPE, "application/grpc".parse().unwrap());
        Ok::<_, Infallible>(response)
    }));
    let server = Server::http2(service).await.unwrap();
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let call = Request::post("/s.S/M").header(header::CONTENT_TYPE, "application/grpc");
    let response = client.send(call.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    Collected::of(response).await.unwrap();
    recorded(&log, 1).await;
    let record = &log.records()[0];
    assert_eq!((&record["outcome"], &record["level"]), (&"UNKNOWN".into(), &"ERROR".into()));
}

#[tokio::test]
async fn the_duration_of_a_stream_starts_at_the_request_and_not_at_the_head() {
    let (log, _guard) = Log::collect();
    let gate = Gate::new();
    let body = gate.clone();
    let service = AccessLogLayer::new().layer(service_fn(move |_: Request<Incoming>| {
        let body = ProbeBody::from("four").wait(&body).data("four").stream();
        async move {
            tokio::time::sleep(PAUSE).await;
            Ok::<_, Infallible>(Response::new(body))
        }
    }));
    let server = Server::http1(service).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
    let mut response = client.send(request).await.unwrap();
    response.body_mut().frame().await.unwrap().unwrap();
    tokio::time::sleep(PAUSE).await;
    gate.open();
    Collected::of(response).await.unwrap();
    recorded(&log, 1).await;
    let record = &log.records()[0];
    let millis = |name: &str| Duration::from_secs_f64(record[name].as_f64().unwrap() / 1e3);
    assert!(millis("first_byte_ms") >= PAUSE, "{record}");
    assert!(millis("duration_ms") >= 2 * PAUSE, "{record}");
    assert!(millis("busy_ms") < PAUSE, "{record}");
}

#[tokio::test]
async fn the_filter_of_probes_applies_to_the_line_of_a_received_request_as_well() {
    let (log, _guard) = Log::collect();
    let skip = Skip::paths(["/full"]).user_agents(["kube-probe/"]);
    let layer = AccessLogLayer::new().received(true).skip(skip);
    let responses = layer.layer(Responses::new());
    let server = Server::hyper(Protocol::Http1, move |_| responses.clone()).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    client.get("/full").await.unwrap();
    for path in ["/empty", "/500"] {
        let request = Request::get(path).header(header::USER_AGENT, "kube-probe/1.31");
        let response = client.send(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
        Collected::of(response).await.unwrap();
    }
    client.get("/empty").await.unwrap();
    // A probe that fails is recorded, and has no line of its arrival; the last request has both.
    recorded(&log, 3).await;
    let found: Vec<_> = log
        .records()
        .iter()
        .map(|record| (record["url.path"].to_string(), record["stage"].to_string()))
        .collect();
    let [probe, arrived, over] =
        [("\"/500\"", "null"), ("\"/empty\"", "\"received\""), ("\"/empty\"", "null")]
            .map(|(path, stage)| (path.to_owned(), stage.to_owned()));
    assert_eq!(found, [probe, arrived, over]);
}

#[test]
fn a_record_is_written_while_a_panic_unwinds_and_without_a_runtime_in_both_forms() {
    let (events, _guard) = Log::collect();
    let (lines, writer) = Log::writer(JSON);
    let never = service_fn(async |_: Request<()>| -> Result<Response<Empty<Bytes>>, Infallible> {
        std::future::pending().await
    });
    let mut service =
        (AccessLogLayer::new(), AccessLogLayer::new().writer(writer.clone())).layer(never);
    let thread = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let call = service.call(Request::new(()));
        let mut call = Box::pin(call);
        let context = &mut std::task::Context::from_waker(std::task::Waker::noop());
        assert!(pin!(&mut call).poll(context).is_pending());
        std::panic::resume_unwind(Box::new("elsewhere"));
    }));
    assert!(thread.is_err());
    flush(&writer);
    for records in [events.records(), lines.lines()] {
        let outcomes: Vec<_> = records.iter().map(|record| &record["outcome"]).collect();
        assert_eq!(outcomes, ["cancelled"]);
    }
}
