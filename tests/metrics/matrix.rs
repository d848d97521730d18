//! Each way in which a request can end, over HTTP/1 and HTTP/2, is counted once, with its duration and its bytes.

use battlement::metrics::HttpMetrics;
use battlement_testkit::{
    client::{Http2, Raw},
    matrix::{End, Responses, Way},
    server::{Protocol, Server},
};
use tower::Layer;

use crate::page::{active, settled, total};

const BYTES: &str = "http_server_response_body_size_bytes_sum";

fn measured() -> HttpMetrics {
    HttpMetrics::builder().body_sizes(true).build()
}

/// Returns the name of the histogram that has the duration of `way`.
fn duration(way: &Way) -> &'static str {
    if way.end == End::Upgraded || way.path == "/events" {
        "http_server_stream_duration_seconds"
    } else {
        "http_server_request_duration_seconds"
    }
}

/// Returns the labels of `way`.
fn labels(way: &Way) -> String {
    let error = match (way.end, way.status) {
        (End::BodyFailed, _) => Some("body_error"),
        (End::Panicked, _) => Some("panic"),
        (End::Cancelled, _) => Some("cancelled"),
        (_, Some(500)) => Some("500"),
        _ => None,
    };
    let status = way.status.map(|status| format!(",http_response_status_code=\"{status}\""));
    let error = error.map(|error| format!(",error_type=\"{error}\""));
    let others = [status, error].into_iter().flatten().collect::<String>();
    format!("{{http_request_method=\"{}\",url_scheme=\"http\"{others}}} ", way.method)
}

#[tokio::test]
async fn each_way_to_end_is_counted_once_with_its_duration_and_its_bytes() {
    for (way, protocol) in Way::each() {
        let metrics = measured();
        let is_over = || (metrics.ended(), metrics.active()) == (1, 0);
        way.run(protocol, |responses| metrics.server_layer().layer(responses), is_over).await;
        let (name, what) = (duration(&way), format!("{} over {protocol:?}", way.name));
        let series = format!("{name}_count{}", labels(&way));
        assert_eq!(total(&metrics, &series), 1.0, "{what}: {series}");
        assert_eq!(total(&metrics, BYTES), f64::from(way.bytes), "{what}");
        let seconds = total(&metrics, &format!("{name}_sum"));
        assert!(seconds >= way.least_duration().as_secs_f64(), "{what}: {seconds} s");
    }
}

/// Starts a server with every kind of response, recorded by `metrics`.
async fn server(metrics: &HttpMetrics, protocol: Protocol) -> Server {
    let service = metrics.server_layer().layer(Responses::new());
    Server::hyper(protocol, move |_| service.clone()).await.unwrap()
}

#[tokio::test]
async fn a_connection_of_http2_counts_on_after_a_stream_was_reset() {
    let metrics = measured();
    let server = server(&metrics, Protocol::Http2).await;
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let mut other = client.clone();
    let call = tokio::spawn(async move { other.get("/never").await.map(drop) });
    active(&metrics, 1).await;
    call.abort();
    settled(&metrics, 1, "a stream was reset").await;
    client.get("/full").await.unwrap();
    settled(&metrics, 2, "a request after the reset").await;
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
