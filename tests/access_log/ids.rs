//! The ids of a request are the same in its record, in the service's own log lines, in the response header and in the
//! body of a problem.

use std::time::Duration;

use battlement::{
    access_log::AccessLogLayer,
    problem::ProblemLayer,
    request_id::{RequestIdLayer, RequestSpan},
};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    eventually,
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use serde_json::Value;
use tower::{BoxError, ServiceBuilder};

use crate::log::{JSON, Log, flush};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const DEADLINE: Duration = Duration::from_secs(10);

/// Logs a line of the service, and fails or waits.
async fn handler(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, BoxError> {
    tracing::info!(target: "shop", "stock is low");
    match request.uri().path() {
        "/never" => std::future::pending().await,
        _ => Err("no stock".into()),
    }
}

/// Starts a server, whose records go to the subscriber and to the log that is returned.
async fn server(span: RequestSpan) -> (Server, Log, battlement::access_log::Writer) {
    let (lines, writer) = Log::writer(JSON);
    let service = ServiceBuilder::new()
        .layer(RequestIdLayer::new().span(span))
        .layer(AccessLogLayer::new())
        .layer(AccessLogLayer::new().writer(writer.clone()))
        .layer(ProblemLayer::new())
        .service_fn(handler);
    let server = Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap();
    (server, lines, writer)
}

fn request() -> Request<Empty<Bytes>> {
    let request = Request::get("/orders").header("accept", "application/json");
    let request = request.header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"));
    request.header("x-correlation-id", "order-7").body(Empty::new()).unwrap()
}

/// Sends one request over HTTP/1 and one over HTTP/2.
async fn both(server: &Server) -> [Collected; 2] {
    let mut http1 = Http1::connect(server.addr()).await.unwrap();
    let first = Collected::of(http1.send(request()).await.unwrap()).await.unwrap();
    let mut http2 = Http2::connect(server.addr()).await.unwrap();
    let second = Collected::of(http2.send(request()).await.unwrap()).await.unwrap();
    [first, second]
}

/// Returns the ids of a line, from its own fields or from those of its span.
fn ids(line: &Value) -> [Option<&str>; 3] {
    ["request_id", "trace_id", "span_id"].map(|name| {
        let own = line[name].as_str();
        let of_span = line["span"][name].as_str();
        assert!(own.is_none() || of_span.is_none(), "`{name}` twice: {line}");
        own.or(of_span)
    })
}

#[tokio::test]
async fn record_domain_line_header_and_problem_have_the_same_ids_and_the_record_has_them_once() {
    for span in [RequestSpan::Own, RequestSpan::Off] {
        let (log, _guard) = Log::collect();
        let (server, lines, writer) = server(span).await;
        for (nth, response) in both(&server).await.into_iter().enumerate() {
            assert_eq!(response.status, 500);
            let id = response.header("x-request-id").unwrap().to_owned();
            let problem: Value = serde_json::from_slice(&response.body).unwrap();
            assert_eq!(problem["request_id"], *id, "{problem}");
            assert!(eventually(DEADLINE, || log.records().len() > nth).await);
            let record = &log.records()[nth];
            assert_eq!(ids(record)[..2], [Some(&*id), Some(TRACE)], "{record}");
            assert_eq!(record.to_string().matches(&id).count(), 1, "{record}");
            flush(&writer);
            assert_eq!(ids(&lines.lines()[nth]), ids(record));
            // Without the span, the line of the service has no ids.
            let mut of_service = log.lines();
            of_service.retain(|line| line["target"] == "shop");
            let has_span = span == RequestSpan::Own;
            assert_eq!(ids(&of_service[nth]), if has_span { ids(record) } else { [None; 3] });
        }
    }
}

#[tokio::test]
async fn the_record_of_a_cancelled_request_has_its_ids_once() {
    for span in [RequestSpan::Own, RequestSpan::Off] {
        let (log, _guard) = Log::collect();
        let (server, ..) = server(span).await;
        let mut client = Http1::connect(server.addr()).await.unwrap();
        let mut request = request();
        *request.uri_mut() = "/never".parse().unwrap();
        let call = tokio::spawn(async move { client.send(request).await.map(drop) });
        let is_called = || log.lines().iter().any(|line| line["target"] == "shop");
        assert!(eventually(DEADLINE, is_called).await);
        call.abort();
        assert!(eventually(DEADLINE, || log.records().len() == 1).await);
        let record = &log.records()[0];
        assert_eq!(record["outcome"], "cancelled");
        let [id, trace, _] = ids(record);
        assert_eq!(trace, Some(TRACE), "{record}");
        assert!(id.is_some(), "{record}");
    }
}
