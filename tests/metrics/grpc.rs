//! gRPC calls, by method and by the status of the call, in the head or in the trailers.

use battlement::metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::{
    client::Http2,
    echo::{EchoClient, EchoServer, Words},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response, header};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use tonic::transport::{Channel, Endpoint};
use tower::{BoxError, Layer, service_fn};

use crate::page::{settled, total};

const ECHO: &str = "battlement.testkit.Echo";

fn metrics() -> HttpMetrics {
    HttpMetrics::builder().grpc_methods(ECHO, ["Say"]).grpc_streams(ECHO, ["Repeat"]).build()
}

async fn echo(metrics: &HttpMetrics) -> (Server, EchoClient<Channel>) {
    let router =
        tonic::transport::Server::builder().layer(metrics.grpc_layer()).add_service(EchoServer);
    let server = Server::tonic(router).await.unwrap();
    let channel = Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap();
    (server, EchoClient::new(channel))
}

fn count(metrics: &HttpMetrics, metric: &str, method: &str, labels: &str) -> f64 {
    let start =
        format!("{metric}_count{{rpc_system_name=\"grpc\",rpc_method=\"{method}\"{labels}}} ");
    total(metrics, &start)
}

const CALL: &str = "rpc_server_call_duration_seconds";
const STREAM: &str = "rpc_server_stream_duration_seconds";

#[tokio::test]
async fn a_call_has_the_status_of_its_trailers_or_of_its_head() {
    let metrics = metrics();
    let (_server, mut client) = echo(&metrics).await;
    client.say(Words::new("hello")).await.unwrap();
    let internal = Words { code: 13, ..Words::new("no") };
    client.say(internal).await.unwrap_err();
    let not_found = Words { code: 5, ..Words::new("no") };
    client.say(not_found).await.unwrap_err();
    settled(&metrics, 3, "calls").await;
    let method = "battlement.testkit.Echo/Say";
    assert_eq!(count(&metrics, CALL, method, r#",rpc_status_code="OK""#), 1.0);
    let internal = r#",rpc_status_code="INTERNAL",error_type="INTERNAL""#;
    assert_eq!(count(&metrics, CALL, method, internal), 1.0);
    assert_eq!(count(&metrics, CALL, method, r#",rpc_status_code="NOT_FOUND""#), 1.0);
}

#[tokio::test]
async fn a_method_of_tonic_has_its_name_without_settings_once_it_has_ended_with_ok() {
    let metrics = HttpMetrics::new();
    let (_server, mut client) = echo(&metrics).await;
    for code in [5, 0, 5] {
        let _ = client.say(Words { code, ..Words::new("hello") }).await;
    }
    settled(&metrics, 3, "calls").await;
    let method = "battlement.testkit.Echo/Say";
    assert_eq!(count(&metrics, CALL, "_OTHER", r#",rpc_status_code="NOT_FOUND""#), 1.0);
    assert_eq!(count(&metrics, CALL, method, r#",rpc_status_code="OK""#), 1.0);
    assert_eq!(count(&metrics, CALL, method, r#",rpc_status_code="NOT_FOUND""#), 1.0);
}

#[tokio::test]
async fn a_stream_is_recorded_separately_with_its_final_status() {
    let metrics = metrics();
    let (_server, mut client) = echo(&metrics).await;
    let words = Words { times: 3, code: 14, text: "again".into() };
    let mut stream = client.repeat(words).await.unwrap().into_inner();
    while let Ok(Some(_)) = stream.message().await {}
    settled(&metrics, 1, "stream").await;
    let labels = r#",rpc_status_code="UNAVAILABLE",error_type="UNAVAILABLE""#;
    assert_eq!(count(&metrics, STREAM, "battlement.testkit.Echo/Repeat", labels), 1.0);
}

/// Starts a server that responds to any gRPC request, known or not.
async fn answering(metrics: &HttpMetrics, grpc_status: Option<&'static str>) -> Server {
    let answer = move |_: Request<Incoming>| async move {
        let mut response = Response::new(Full::<Bytes>::from("half"));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, "application/grpc".parse().unwrap());
        if let Some(status) = grpc_status {
            headers.insert("grpc-status", status.parse().unwrap());
        }
        Ok::<_, BoxError>(response)
    };
    let service = metrics.grpc_layer().layer(service_fn(answer));
    Server::hyper(Protocol::Http2, move |_| service.clone()).await.unwrap()
}

async fn call(server: &Server, path: &str) {
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/grpc+proto");
    let response = client.send(request.body(Empty::<Bytes>::new()).unwrap()).await.unwrap();
    response.into_body().collect().await.unwrap();
}

#[tokio::test]
async fn a_response_without_a_status_is_not_a_success() {
    let metrics = metrics();
    let server = answering(&metrics, None).await;
    call(&server, "/battlement.testkit.Echo/Say").await;
    settled(&metrics, 1, "missing trailers").await;
    let labels = r#",rpc_status_code="UNKNOWN",error_type="UNKNOWN""#;
    assert_eq!(count(&metrics, CALL, "battlement.testkit.Echo/Say", labels), 1.0);
}

#[tokio::test]
async fn an_unknown_method_is_recorded_as_other() {
    let metrics = metrics();
    let server = answering(&metrics, Some("12")).await;
    call(&server, "/evil.Service/Method").await;
    settled(&metrics, 1, "unknown method").await;
    let labels = r#",rpc_status_code="UNIMPLEMENTED",error_type="UNIMPLEMENTED""#;
    assert_eq!(count(&metrics, CALL, "_OTHER", labels), 1.0);
}

#[tokio::test]
async fn a_request_that_is_not_grpc_is_recorded_as_http_by_the_same_layer() {
    let metrics = metrics();
    let server = answering(&metrics, None).await;
    Http2::connect(server.addr()).await.unwrap().get("/page").await.unwrap();
    settled(&metrics, 1, "HTTP").await;
    assert_eq!(total(&metrics, "http_server_request_duration_seconds_count"), 1.0);
    assert_eq!(total(&metrics, "rpc_server_call_duration_seconds_count"), 0.0);
}

const CLIENT: &str = "rpc_client_call_duration_seconds";

/// Returns the count of `method` of a client named `echo`, with these further labels.
fn client_count(metrics: &HttpMetrics, metric: &str, method: &str, labels: &str) -> f64 {
    let method = format!("battlement.testkit.Echo/{method}\",server_address=\"echo");
    count(metrics, metric, &method, labels)
}

#[tokio::test]
async fn a_client_records_its_calls_by_the_called_service_and_rejections_as_errors() {
    let metrics = metrics();
    let (server, _) = echo(&HttpMetrics::new()).await;
    let channel = Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap();
    let mut client = EchoClient::new(metrics.grpc_client_layer("echo").layer(channel));
    client.say(Words::new("hello")).await.unwrap();
    client.say(Words { code: 5, ..Words::new("no") }).await.unwrap_err();
    let mut stream = client.repeat(Words { times: 2, ..Words::new("a") }).await.unwrap();
    while stream.get_mut().message().await.unwrap().is_some() {}
    settled(&metrics, 3, "calls of a client").await;
    assert_eq!(client_count(&metrics, CLIENT, "Say", r#",rpc_status_code="OK""#), 1.0);
    let refused = r#",rpc_status_code="NOT_FOUND",error_type="NOT_FOUND""#;
    assert_eq!(client_count(&metrics, CLIENT, "Say", refused), 1.0);
    let streams = "rpc_client_stream_duration_seconds";
    assert_eq!(client_count(&metrics, streams, "Repeat", r#",rpc_status_code="OK""#), 1.0);
    let page = Exposition::new().metrics(&metrics).render(Format::Text);
    let none = r#"rpc_client_active_calls{rpc_system_name="grpc",server_address="echo"} 0"#;
    assert!(page.contains(none), "{page}");
}

#[tokio::test]
async fn a_client_without_a_server_records_errors() {
    let metrics = metrics();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let channel = Endpoint::from_shared(format!("http://{unused}")).unwrap().connect_lazy();
    let mut client = EchoClient::new(metrics.grpc_client_layer("echo").layer(channel));
    client.say(Words::new("hello")).await.unwrap_err();
    settled(&metrics, 1, "a refused connection").await;
    assert_eq!(client_count(&metrics, CLIENT, "Say", r#",error_type="error""#), 1.0);
}
