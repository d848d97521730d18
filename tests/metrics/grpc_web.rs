//! gRPC-Web, whose status is in the last frame of the body: real servers, real clients, and a browser's bytes.

use battlement::metrics::HttpMetrics;
use battlement_testkit::{
    client::{Http1, Http2},
    echo::{EchoClient, EchoServer, Words},
    server::Server,
};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tonic_web::{GrpcWebClientLayer, GrpcWebLayer};
use tower::Layer;

use crate::page::{settled, total};

const METHOD: &str = "battlement.testkit.Echo/Say";

fn metrics() -> HttpMetrics {
    HttpMetrics::builder()
        .grpc_methods("battlement.testkit.Echo", ["Say"])
        .grpc_streams("battlement.testkit.Echo", ["Repeat"])
        .build()
}

/// Starts an echo server for browsers, with `metrics` outside the gRPC-Web layer.
async fn echo(metrics: &HttpMetrics) -> Server {
    let router = tonic::transport::Server::builder()
        .accept_http1(true)
        .layer(metrics.grpc_layer())
        .layer(GrpcWebLayer::new())
        .add_service(EchoServer);
    Server::tonic(router).await.unwrap()
}

/// Returns the request message in its frame: tag 1, a string; tag 3, a code.
fn framed(text: &str, code: u8) -> Vec<u8> {
    let mut message = vec![0x0a, u8::try_from(text.len()).unwrap()];
    message.extend(text.as_bytes());
    message.extend([0x18, code]);
    let mut frame = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
    frame.extend(message);
    frame
}

fn call(content_type: &str, body: Vec<u8>) -> Request<Full<Bytes>> {
    let request = Request::post(format!("/{METHOD}"))
        .header(header::CONTENT_TYPE, content_type)
        .header(header::ACCEPT, content_type)
        .header("x-grpc-web", "1");
    request.body(Full::new(body.into())).unwrap()
}

/// Encodes as a browser does, with padding.
fn base64(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = |group: &[u8]| {
        let mut padded = [0; 4];
        padded[1..=group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes(padded);
        let digit = |nth: usize| match nth <= group.len() {
            true => DIGITS[(bits >> (18 - 6 * nth) & 63) as usize],
            false => b'=',
        };
        [0, 1, 2, 3].map(digit)
    };
    bytes.chunks(3).flat_map(digits).collect()
}

fn count(metrics: &HttpMetrics, labels: &str) -> f64 {
    let start = format!(
        "rpc_server_call_duration_seconds_count{{rpc_system_name=\"grpc\",rpc_method=\"{METHOD}\"{labels}}} "
    );
    total(metrics, &start)
}

const OK: &str = r#",rpc_status_code="OK""#;
const INTERNAL: &str = r#",rpc_status_code="INTERNAL",error_type="INTERNAL""#;

#[tokio::test]
async fn a_browser_s_call_has_the_status_of_its_trailer_frame_over_http1_and_http2() {
    let metrics = metrics();
    let server = echo(&metrics).await;
    let mut http1 = Http1::connect(server.addr()).await.unwrap();
    let mut http2 = Http2::connect(server.addr()).await.unwrap();
    let binary = "application/grpc-web+proto";
    for code in [0, 13] {
        let response = http1.send(call(binary, framed("hello", code))).await.unwrap();
        response.into_body().collect().await.unwrap();
        let response = http2.send(call(binary, framed("hello", code))).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    settled(&metrics, 4, "gRPC-Web").await;
    assert_eq!((count(&metrics, OK), count(&metrics, INTERNAL)), (2.0, 2.0));
}

#[tokio::test]
async fn a_call_in_base64_has_the_status_of_its_trailer_frame() {
    let metrics = metrics();
    let server = echo(&metrics).await;
    let mut client = Http1::connect(server.addr()).await.unwrap();
    for code in [0, 13] {
        let body = base64(&framed("hello", code));
        let response = client.send(call("application/grpc-web-text", body)).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    settled(&metrics, 2, "gRPC-Web in base64").await;
    assert_eq!((count(&metrics, OK), count(&metrics, INTERNAL)), (1.0, 1.0));
}

const CALL: &str = "rpc_client_call_duration_seconds_count";
const STREAM: &str = "rpc_client_stream_duration_seconds_count";
const HTTP: &str = "http_client_request_duration_seconds_count";

/// Returns the calls of a client named `echo` in the series of these labels.
fn client_count(metrics: &HttpMetrics, metric: &str, method: &str, labels: &str) -> f64 {
    let start = format!(
        "{metric}{{rpc_system_name=\"grpc\",rpc_method=\"battlement.testkit.Echo/{method}\",server_address=\"echo\"{labels}}} "
    );
    total(metrics, &start)
}

#[tokio::test]
async fn a_successful_call_of_a_client_is_not_cancelled() {
    let server = echo(&HttpMetrics::new()).await;
    let metrics = metrics();
    // Counted as gRPC, and as the HTTP that it is on the way.
    let layers = (
        GrpcWebClientLayer::new(),
        metrics.grpc_client_layer("echo"),
        metrics.client_layer("http"),
    );
    let client = Client::builder(TokioExecutor::new()).build_http();
    let origin = server.url("").parse().unwrap();
    let mut client = EchoClient::with_origin(layers.layer(client), origin);
    client.say(Words::new("hello")).await.unwrap();
    client.say(Words { code: 5, ..Words::new("no") }).await.unwrap_err();
    let mut stream = client.repeat(Words { times: 3, ..Words::new("a") }).await.unwrap();
    while stream.get_mut().message().await.unwrap().is_some() {}
    drop(stream);
    settled(&metrics, 6, "a client of gRPC-Web").await;
    assert_eq!(client_count(&metrics, CALL, "Say", OK), 1.0);
    let refused = r#",rpc_status_code="NOT_FOUND",error_type="NOT_FOUND""#;
    assert_eq!(client_count(&metrics, CALL, "Say", refused), 1.0);
    assert_eq!(client_count(&metrics, STREAM, "Repeat", OK), 1.0);
    let http =
        r#"{http_request_method="POST",server_address="http",http_response_status_code="200"} "#;
    assert_eq!(total(&metrics, &format!("{HTTP}{http}")), 3.0);
}
