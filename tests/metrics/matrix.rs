//! Every way in which a request can end, over HTTP/1 and HTTP/2: recorded once, with its duration and its bytes, and
//! no request stays in flight.

use battlement::metrics::HttpMetrics;
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Empty};

use tower::{Layer, service_fn};

use crate::{
    answers::{SLOW, serve},
    page::{active, settled, total},
};

const DURATION: &str = "http_server_request_duration_seconds";
const STREAM: &str = "http_server_stream_duration_seconds";
const BYTES: &str = "http_server_response_body_size_bytes_sum";

/// The request, the labels after the scheme, and the bytes of the body.
type Row = (Method, &'static str, &'static str, f64);

const OK: &str = r#",http_response_status_code="200"}"#;

const SENT_WHOLE: [Row; 11] = [
    (Method::GET, "/full", OK, 4.0),
    (Method::GET, "/empty", OK, 0.0),
    (Method::GET, "/stream", OK, 12.0),
    (Method::GET, "/declared", OK, 12.0),
    (Method::GET, "/slow", OK, 8.0),
    (Method::GET, "/trailers", OK, 12.0),
    (Method::GET, "/204", r#",http_response_status_code="204"}"#, 0.0),
    (Method::GET, "/304", r#",http_response_status_code="304"}"#, 0.0),
    (Method::GET, "/500", r#",http_response_status_code="500",error_type="500"}"#, 12.0),
    (Method::HEAD, "/stream", OK, 0.0),
    (Method::HEAD, "/declared", OK, 0.0),
];

fn measured() -> HttpMetrics {
    HttpMetrics::builder().body_sizes(true).build()
}

fn request(method: &Method, path: &str) -> Request<Empty<Bytes>> {
    let request = Request::builder().method(method).uri(path).header(header::TE, "trailers");
    request.body(Empty::new()).unwrap()
}

/// Starts a server with every kind of response, recorded by `metrics`.
async fn server(metrics: &HttpMetrics, protocol: Protocol) -> Server {
    let service = metrics.server_layer().layer(service_fn(serve));
    Server::hyper(protocol, move |_| service.clone()).await.unwrap()
}

/// Checks that the one request of `metrics` is in the series of `labels` of `metric`.
async fn counted(metrics: &HttpMetrics, metric: &str, (method, path, labels, bytes): &Row) {
    let what = format!("{method} {path}");
    settled(metrics, 1, &what).await;
    let series =
        format!("{metric}_count{{http_request_method=\"{method}\",url_scheme=\"http\"{labels} ");
    assert_eq!(total(metrics, &series), 1.0, "{what}: {series}");
    assert_eq!(total(metrics, BYTES), *bytes, "{what}");
    if *path == "/slow" {
        assert!(total(metrics, &format!("{metric}_sum")) >= SLOW.as_secs_f64(), "{what}");
    }
}

#[tokio::test]
async fn a_complete_response_over_http1_is_counted_once() {
    for row in &SENT_WHOLE {
        let metrics = measured();
        let server = server(&metrics, Protocol::Http1).await;
        let mut client = Http1::connect(server.addr()).await.unwrap();
        let response = client.send(request(&row.0, row.1)).await.unwrap();
        Collected::of(response).await.unwrap();
        counted(&metrics, DURATION, row).await;
    }
}

#[tokio::test]
async fn a_complete_response_over_http2_is_counted_once() {
    for row in &SENT_WHOLE {
        let metrics = measured();
        let server = server(&metrics, Protocol::Http2).await;
        let mut client = Http2::connect(server.addr()).await.unwrap();
        // hyper polls a body that is not sent (HEAD, 204, 304) only until the client rejects it.
        let is_whole = match client.send(request(&row.0, row.1)).await {
            Ok(response) => Collected::of(response).await.is_ok(),
            Err(_) => false,
        };
        assert!(is_whole || row.0 == Method::HEAD, "{} {}", row.0, row.1);
        counted(&metrics, DURATION, row).await;
    }
}

const BODY_ERROR: Row = (
    Method::GET,
    "/body-error",
    r#",http_response_status_code="200",error_type="body_error"}"#,
    12.0,
);
const BODY_PANIC: Row = (
    Method::GET,
    "/body-panic",
    r#",http_response_status_code="200",error_type="body_error"}"#,
    4.0,
);
const PANIC: Row = (Method::GET, "/panic", r#",error_type="panic"}"#, 0.0);

#[tokio::test]
async fn failures_of_the_server_are_counted_as_such() {
    for row in [BODY_ERROR, BODY_PANIC, PANIC] {
        let metrics = measured();
        let http1 = server(&metrics, Protocol::Http1).await;
        let mut client = Http1::connect(http1.addr()).await.unwrap();
        assert!(client.get(row.1).await.is_err());
        counted(&metrics, DURATION, &row).await;

        let metrics = measured();
        let http2 = server(&metrics, Protocol::Http2).await;
        let mut client = Http2::connect(http2.addr()).await.unwrap();
        assert!(client.get(row.1).await.is_err());
        counted(&metrics, DURATION, &row).await;
    }
}

const BEFORE_HEAD: Row = (Method::GET, "/never", r#",error_type="cancelled"}"#, 0.0);
const AFTER_HEAD: Row =
    (Method::GET, "/stalled", r#",http_response_status_code="200",error_type="cancelled"}"#, 4.0);
const EVENTS: Row =
    (Method::GET, "/events", r#",http_response_status_code="200",error_type="cancelled"}"#, 4.0);

#[tokio::test]
async fn a_client_that_disconnects_over_http1_is_recorded_as_cancelled() {
    for (row, metric) in [(BEFORE_HEAD, DURATION), (AFTER_HEAD, DURATION), (EVENTS, STREAM)] {
        let metrics = measured();
        let server = server(&metrics, Protocol::Http1).await;
        let mut client = Raw::connect(server.addr()).await.unwrap();
        client.write(format!("GET {} HTTP/1.1\r\nhost: test\r\n\r\n", row.1)).await.unwrap();
        active(&metrics, 1).await;
        if row.1 != "/never" {
            client.read_until(b"four\r\n").await.unwrap();
        }
        drop(client);
        counted(&metrics, metric, &row).await;
    }
}

#[tokio::test]
async fn a_stream_of_http2_that_is_reset_is_counted_as_cancelled() {
    for (row, metric) in [(BEFORE_HEAD, DURATION), (AFTER_HEAD, DURATION), (EVENTS, STREAM)] {
        let metrics = measured();
        let server = server(&metrics, Protocol::Http2).await;
        let mut client = Http2::connect(server.addr()).await.unwrap();
        let (mut other, path) = (client.clone(), row.1);
        let call = tokio::spawn(async move {
            let mut response = other.send(request(&Method::GET, path)).await.unwrap();
            response.body_mut().frame().await.unwrap().unwrap();
        });
        active(&metrics, 1).await;
        if row.1 == "/never" {
            call.abort();
        }
        counted(&metrics, metric, &row).await;
        // The connection stays open, and so do its metrics.
        client.get("/full").await.unwrap();
        settled(&metrics, 2, row.1).await;
    }
}

#[tokio::test]
async fn an_upgrade_is_a_stream_that_ends_with_its_head() {
    let metrics = measured();
    let server = server(&metrics, Protocol::Http1).await;
    let mut client = Raw::connect(server.addr()).await.unwrap();
    let upgrade = "GET /101 HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n";
    client.write(upgrade).await.unwrap();
    client.read_until(b"\r\n\r\n").await.unwrap();
    let row = (Method::GET, "/101", r#",http_response_status_code="101"}"#, 0.0);
    counted(&metrics, STREAM, &row).await;
}

#[tokio::test]
async fn each_request_of_a_connection_is_recorded_separately() {
    let metrics = measured();
    let server = server(&metrics, Protocol::Auto).await;
    let mut http1 = Raw::connect(server.addr()).await.unwrap();
    let get = "GET /full HTTP/1.1\r\nhost: test\r\n\r\n";
    let last = "GET /full HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    http1.write([get, get, last].concat()).await.unwrap();
    http1.read_to_end().await.unwrap();
    let http2 = Http2::connect(server.addr()).await.unwrap();
    let calls = (0..20).map(|_| http2.clone()).map(|mut client| async move {
        client.get("/slow").await.unwrap();
    });
    futures_util::future::join_all(calls).await;
    settled(&metrics, 23, "3 pipelined, 20 multiplexed").await;
}
