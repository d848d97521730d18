//! Metrics of the calls of a `reqwest::Client` to a real server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{convert::Infallible, error::Error, time::Duration};

use battlement_core::{Rejection, RejectionKind};
use battlement_metrics::HttpMetrics;
use battlement_testkit::{
    eventually,
    probe::{Gate, ProbeBody, ProbeError},
    server::Server,
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use reqwest::{Client, Method};
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt, service_fn};

use self::page::page;

const DURATION: &str = "http_client_request_duration_seconds";

/// Starts a server that responds by path; `gate` holds back the end of the bodies that have one.
async fn upstream(gate: &Gate) -> Server {
    let gate = gate.clone();
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let body = ProbeBody::empty().data("hello ");
        let (status, body) = match request.uri().path() {
            "/missing" => (StatusCode::NOT_FOUND, body),
            "/late" => (StatusCode::OK, body.wait(&gate).data("world").stream()),
            "/broken" => (StatusCode::OK, body.wait(&gate).error(ProbeError::new("disk")).stream()),
            _ => (StatusCode::OK, body.data("world").stream()),
        };
        let kept = request.headers().get("x-kept").cloned();
        let response = Response::builder().status(status);
        let response = kept.into_iter().fold(response, |it, kept| it.header("x-kept", kept));
        let response = response.body(body);
        async { Ok::<_, Infallible>(response.unwrap()) }
    });
    Server::http1(service).await.unwrap()
}

async fn call(metrics: &HttpMetrics, url: &str) -> Result<reqwest::Response, reqwest::Error> {
    let request = reqwest::Request::new(Method::GET, url.parse().unwrap());
    metrics.client_layer("shop").layer(Client::new()).oneshot(request).await
}

/// Returns how many calls were recorded with these labels after the method and the name.
fn recorded(metrics: &HttpMetrics, labels: &str) -> Option<u64> {
    let known = r#"http_request_method="GET",server_address="shop""#;
    page(metrics).count((DURATION, &format!("{known}{labels}")))
}

const OK: &str = r#",http_response_status_code="200""#;

#[tokio::test]
async fn a_call_of_reqwest_is_recorded_by_its_status_once_its_body_is_read() {
    let (metrics, upstream) = (HttpMetrics::new(), upstream(&Gate::new()).await);
    let response = call(&metrics, &upstream.url("/")).await.unwrap();
    assert_eq!((metrics.active(), metrics.ended()), (1, 0));
    assert_eq!(response.text().await.unwrap(), "hello world");
    assert_eq!((metrics.active(), metrics.ended()), (0, 1));
    assert_eq!(recorded(&metrics, OK), Some(1), "{}", page(&metrics).text);

    call(&metrics, &upstream.url("/missing")).await.unwrap().text().await.unwrap();
    let missing = r#",http_response_status_code="404",error_type="404""#;
    assert_eq!(recorded(&metrics, missing), Some(1), "{}", page(&metrics).text);
}

#[tokio::test]
async fn the_duration_of_a_call_of_reqwest_includes_its_body() {
    let gate = Gate::new();
    let (metrics, upstream) = (HttpMetrics::new(), upstream(&gate).await);
    let begun = tokio::time::Instant::now();
    let response = call(&metrics, &upstream.url("/late")).await.unwrap();
    let headed = begun.elapsed();
    while begun.elapsed() < headed + Duration::from_millis(20) {
        tokio::task::yield_now().await;
    }
    gate.open();
    assert_eq!(response.text().await.unwrap(), "hello world");
    let page = page(&metrics);
    let sum = page.total(&format!("{DURATION}_sum"));
    assert!((0.02..=begun.elapsed().as_secs_f64()).contains(&sum), "{}", page.text);
}

#[tokio::test]
async fn a_body_of_reqwest_dropped_halfway_is_cancelled_and_one_dropped_unread_is_its_status() {
    let (metrics, upstream) = (HttpMetrics::new(), upstream(&Gate::new()).await);
    drop(call(&metrics, &upstream.url("/late")).await.unwrap());
    assert_eq!(recorded(&metrics, OK), Some(1), "{}", page(&metrics).text);

    let mut response = call(&metrics, &upstream.url("/late")).await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "hello ");
    drop(response);
    let cancelled = r#",http_response_status_code="200",error_type="cancelled""#;
    assert_eq!(recorded(&metrics, cancelled), Some(1), "{}", page(&metrics).text);
    assert_eq!(metrics.active(), 0);
}

#[tokio::test]
async fn a_body_of_reqwest_that_breaks_is_a_body_error() {
    let gate = Gate::new();
    let (metrics, upstream) = (HttpMetrics::new(), upstream(&gate).await);
    let response = call(&metrics, &upstream.url("/broken")).await.unwrap();
    gate.open();
    let error = response.text().await.unwrap_err();
    let labels = r#",http_response_status_code="200",error_type="body_error""#;
    assert_eq!(recorded(&metrics, labels), Some(1), "{}", page(&metrics).text);
    assert!(error.source().is_some(), "the layer hides the cause: {error:?}");
}

#[tokio::test]
async fn a_refused_connection_of_reqwest_is_an_error_without_a_status() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let metrics = HttpMetrics::new();
    let error = call(&metrics, &format!("http://{closed}/")).await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert_eq!(recorded(&metrics, r#",error_type="error""#), Some(1), "{}", page(&metrics).text);
    assert_eq!((metrics.active(), metrics.ended()), (0, 1));
}

#[tokio::test]
async fn a_call_of_reqwest_given_up_before_its_response_is_cancelled() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let metrics = HttpMetrics::new();
    let task = tokio::spawn({
        let metrics = metrics.clone();
        async move { call(&metrics, &url).await.map(drop) }
    });
    let _connection = listener.accept().await.unwrap();
    assert_eq!(metrics.active(), 1);
    task.abort();
    assert!(eventually(Duration::from_secs(5), || metrics.active() == 0).await);
    let cancelled = r#",error_type="cancelled""#;
    assert_eq!(recorded(&metrics, cancelled), Some(1), "{}", page(&metrics).text);
}

#[tokio::test]
async fn a_response_of_reqwest_keeps_its_url_and_address_and_the_request_its_headers() {
    let (metrics, upstream) = (HttpMetrics::new(), upstream(&Gate::new()).await);
    let url = upstream.url("/missing?a=1");
    for enabled in [true, false] {
        let layer = metrics.client_layer("shop").enabled(enabled);
        let mut client = layer.layer(Client::new());
        let mut request = reqwest::Request::new(Method::GET, url.parse().unwrap());
        request.headers_mut().insert("x-kept", "yes".parse().unwrap());
        let response = client.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.url().as_str(), url);
        assert_eq!(response.remote_addr(), Some(upstream.addr()));
        assert_eq!(response.headers()["x-kept"], "yes");
        assert_eq!(response.content_length(), Some(6));
        response.error_for_status().unwrap_err();
    }
    assert_eq!(metrics.ended(), 1);
}

#[tokio::test]
async fn an_answer_of_a_layer_around_reqwest_is_typed_by_its_rejection() {
    let metrics = HttpMetrics::new();
    let service = service_fn(async |_: reqwest::Request| {
        let response = Response::builder().status(StatusCode::SERVICE_UNAVAILABLE);
        let response = response.extension(Rejection::new(RejectionKind::CircuitOpen)).body("");
        Ok::<_, Infallible>(reqwest::Response::from(response.unwrap()))
    });
    let request = reqwest::Request::new(Method::GET, "http://shop.internal/".parse().unwrap());
    let response = metrics.client_layer("shop").layer(service).oneshot(request).await.unwrap();
    response.text().await.unwrap();
    let labels = r#",http_response_status_code="503",error_type="circuit_open""#;
    assert_eq!(recorded(&metrics, labels), Some(1), "{}", page(&metrics).text);
}

#[tokio::test]
async fn an_error_of_reqwest_is_typed_by_the_rejection_among_its_sources() {
    let metrics = HttpMetrics::new();
    // A server that never answers, so that the call fails by its body.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let mut request = reqwest::Request::new(Method::POST, url.parse().unwrap());
    let body = ProbeBody::empty().error(ProbeError::new("too slow")).stream();
    let body = body.map_err(|_| Rejection::new(RejectionKind::Timeout));
    *request.body_mut() = Some(reqwest::Body::wrap(body));
    metrics.client_layer("shop").layer(Client::new()).oneshot(request).await.unwrap_err();
    let labels = r#"http_request_method="POST",server_address="shop",error_type="timeout""#;
    let page = page(&metrics);
    assert_eq!(page.count((DURATION, labels)), Some(1), "{}", page.text);
}
