//! Each way in which a gRPC call ends without a status of the service, with an access log and metrics.

use std::future::pending;

use battlement::{access_log::AccessLogLayer, metrics::HttpMetrics};
use battlement_testkit::{
    client::Http2,
    eventually,
    probe::{Gate, ProbeBody, ProbeError},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use tower::{BoxError, ServiceBuilder};

use crate::{
    grpc::{DEADLINE, agree, call},
    log::Log,
    page::word,
};

/// Answers a call in a way that tonic does not.
async fn answer(request: Request<Incoming>) -> Result<Response<ProbeBody>, BoxError> {
    let four = ProbeBody::from("four").stream();
    let body = match request.uri().path() {
        "/s.S/Missing" => four,
        "/s.S/Unreadable" => four.trailers(HeaderMap::from_iter(
            [("grpc-status", "x")]
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())),
        )),
        "/s.S/Fails" => four.error(ProbeError::new("broken")),
        "/s.S/BodyPanics" => four.panic(),
        "/s.S/Stalls" => four.wait(&Gate::new()),
        "/s.S/Errors" => return Err("broken".into()),
        "/s.S/Panics" => panic!("panic in the handler, as the test requires"),
        _ => return pending().await,
    };
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, "application/grpc".parse().unwrap());
    Ok(response)
}

/// Calls `path`, and resets the stream after the service was called or, if it answers, after the first bytes.
async fn reset(metrics: &HttpMetrics, client: &Http2, path: &'static str) {
    let mut client = client.clone();
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/grpc");
    let request = request.body(Empty::<Bytes>::new()).unwrap();
    let calling = tokio::spawn(async move {
        let mut response = client.send(request).await?;
        response.body_mut().frame().await.ok_or("the body is empty")??;
        Ok::<_, BoxError>(())
    });
    if path == "/s.S/Never" {
        assert!(eventually(DEADLINE, || metrics.active() == 1).await, "{path}");
        calling.abort();
    }
    let is_cancelled = calling.await.is_err();
    assert_eq!(is_cancelled, path == "/s.S/Never");
    assert!(eventually(DEADLINE, || metrics.active() == 0).await, "{path}");
}

const METHODS: [&str; 8] =
    ["Missing", "Unreadable", "Fails", "BodyPanics", "Errors", "Panics", "Never", "Stalls"];

#[tokio::test]
async fn each_broken_call_has_its_record_and_records_and_metrics_agree() {
    let (log, _guard) = Log::collect();
    let metrics = HttpMetrics::builder().grpc_methods("s.S", METHODS).build();
    let service = ServiceBuilder::new()
        .layer(AccessLogLayer::new())
        .layer(metrics.grpc_layer())
        .service_fn(answer);
    let server = Server::hyper(Protocol::Http2, move |_| service.clone()).await.unwrap();
    for method in &METHODS[..6] {
        // A panic ends its connection.
        let mut client = Http2::connect(server.addr()).await.unwrap();
        let _ = call(&mut client, &format!("/s.S/{method}")).await;
    }
    let client = Http2::connect(server.addr()).await.unwrap();
    reset(&metrics, &client, "/s.S/Never").await;
    reset(&metrics, &client, "/s.S/Stalls").await;
    let records = agree(&metrics, &log, 8).await;
    let expected = [
        ("UNKNOWN", Some("UNKNOWN")),
        ("UNKNOWN", Some("UNKNOWN")),
        ("body_error", None),
        ("body_error", None),
        ("error", None),
        ("panic", None),
        ("cancelled", Some("CANCELLED")),
        ("cancelled", Some("CANCELLED")),
    ];
    let found: Vec<_> = records
        .iter()
        .map(|record| (word(record, "outcome"), record["rpc.status_code"].as_str()))
        .collect();
    assert_eq!(found, expected);
    let bytes: Vec<_> =
        records.iter().map(|record| record["http.response.body.size"].as_u64().unwrap()).collect();
    assert_eq!(bytes, [4, 4, 4, 4, 0, 0, 0, 4]);
}
