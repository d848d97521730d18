//! Metrics around battlement's timeouts and deadlines, and their own counts on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{convert::Infallible, error::Error, future::pending, time::Duration};

use battlement_metrics::{Exposition, Format, HttpMetrics, timeout::TimeoutMetrics};
use battlement_testkit::probe::{Gate, Probe, ProbeBody, Reply};
use battlement_timeout::{
    BodyLimits, BodyTimeoutLayer, DeadlineLayer, ElapsedKind, Observe, TimeoutLayer,
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

use self::page::{accepted, page};

type Body = Full<Bytes>;
type BoxError = Box<dyn Error + Send + Sync>;

const LIMIT: Duration = Duration::from_secs(2);
const SERVER: &str = "http_server_request_duration_seconds";
const CLIENT: &str = "http_client_request_duration_seconds";
const OF_SERVER: &str = r#"http_request_method="GET",url_scheme="http""#;
const OF_CLIENT: &str = r#"http_request_method="GET",server_address="shop""#;

fn request() -> Request<Body> {
    Request::get("/").body(Body::default()).unwrap()
}

/// Waits forever, as a service that hangs.
fn hanging()
-> impl Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future: Send> + Clone
{
    service_fn(|_| pending::<Result<Response<Body>, Infallible>>())
}

/// Asserts that the metrics have one request with these labels, and none that was cancelled.
fn is_recorded(metrics: &HttpMetrics, name: &str, labels: &str) {
    let page = page(metrics);
    assert_eq!(page.count((name, labels)), Some(1), "{labels}: {}", page.text);
    assert_eq!((metrics.ended(), metrics.active()), (1, 0));
    assert!(!page.text.contains("cancelled"), "{}", page.text);
}

/// Sends a request through `service`, whose answer is a 504.
async fn expires<S, B>(service: S)
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
    B: http_body::Body<Error: std::fmt::Debug>,
{
    let response = service.oneshot(request()).await.unwrap();
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    response.into_body().collect().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn outside_a_timeout_a_call_that_it_drops_counts_as_a_timeout() {
    let answered = r#",http_response_status_code="504",error_type="timeout""#;
    let limited = TimeoutLayer::new(LIMIT).layer(hanging());
    let metrics = HttpMetrics::new();
    expires(metrics.server_layer().layer(limited.clone())).await;
    is_recorded(&metrics, SERVER, &format!("{OF_SERVER}{answered}"));

    let metrics = HttpMetrics::new();
    expires(metrics.client_layer("shop").layer(limited)).await;
    is_recorded(&metrics, CLIENT, &format!("{OF_CLIENT}{answered}"));
}

#[tokio::test(start_paused = true)]
async fn outside_a_deadline_a_request_that_it_drops_counts_as_a_timeout() {
    let metrics = HttpMetrics::new();
    let limited = DeadlineLayer::new().default_limit(LIMIT).layer(hanging());
    expires(metrics.server_layer().layer(limited)).await;
    let answered = r#",http_response_status_code="504",error_type="timeout""#;
    is_recorded(&metrics, SERVER, &format!("{OF_SERVER}{answered}"));

    let metrics = HttpMetrics::new();
    let limited = DeadlineLayer::client(LIMIT).layer(hanging());
    expires(metrics.client_layer("shop").layer(limited)).await;
    is_recorded(&metrics, CLIENT, &format!("{OF_CLIENT}{answered}"));
}

#[tokio::test(start_paused = true)]
async fn inside_a_timeout_a_call_that_it_drops_counts_as_a_timeout() {
    let metrics = HttpMetrics::new();
    let layer = metrics.server_layer();
    expires(DeadlineLayer::new().default_limit(LIMIT).layer(layer.layer(hanging()))).await;
    is_recorded(&metrics, SERVER, &format!(r#"{OF_SERVER},error_type="timeout""#));

    let metrics = HttpMetrics::new();
    let layer = metrics.client_layer("shop");
    expires(TimeoutLayer::new(LIMIT).layer(layer.layer(hanging()))).await;
    is_recorded(&metrics, CLIENT, &format!(r#"{OF_CLIENT},error_type="timeout""#));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_that_is_returned_as_an_error_counts_as_a_timeout() {
    let limited = TimeoutLayer::new(LIMIT).as_error().layer(hanging());
    let metrics = HttpMetrics::new();
    let call = metrics.client_layer("shop").layer(limited.clone()).oneshot(request());
    let _: BoxError = call.await.unwrap_err();
    is_recorded(&metrics, CLIENT, &format!(r#"{OF_CLIENT},error_type="timeout""#));

    let metrics = HttpMetrics::new();
    metrics.server_layer().layer(limited).oneshot(request()).await.unwrap_err();
    is_recorded(&metrics, SERVER, &format!(r#"{OF_SERVER},error_type="timeout""#));
}

/// Returns a service whose response ends halfway.
fn half() -> Probe {
    let probe = Probe::new();
    probe.next(Reply::body(ProbeBody::empty().data("half").wait(&Gate::new()).stream()));
    probe
}

#[tokio::test(start_paused = true)]
async fn a_body_that_the_deadline_ends_counts_as_a_timeout() {
    let metrics = HttpMetrics::new();
    let limited = DeadlineLayer::new().default_limit(LIMIT).bodies(true).layer(half());
    let request = Request::get("/").body(ProbeBody::empty()).unwrap();
    let response = metrics.server_layer().layer(limited).oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap_err();
    let labels = r#",http_response_status_code="200",error_type="timeout""#;
    is_recorded(&metrics, SERVER, &format!("{OF_SERVER}{labels}"));

    let metrics = HttpMetrics::new();
    let limited = DeadlineLayer::new().bodies(true).layer(half());
    let request = Request::post("/").header("content-type", "application/grpc");
    let request = request.header("grpc-timeout", "2S").body(ProbeBody::empty()).unwrap();
    let response = metrics.grpc_layer().layer(limited).oneshot(request).await.unwrap();
    assert!(response.into_body().collect().await.unwrap().trailers().is_some());
    let labels = r#"rpc_system_name="grpc",rpc_method="_OTHER",rpc_status_code="DEADLINE_EXCEEDED",error_type="timeout""#;
    is_recorded(&metrics, "rpc_server_call_duration_seconds", labels);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_counts_as_a_timeout() {
    let (metrics, timeouts) = (HttpMetrics::new(), TimeoutMetrics::new());
    let limited = BodyTimeoutLayer::new()
        .response(BodyLimits::new().idle(LIMIT))
        .observe(timeouts.clone())
        .layer(half());
    let request = Request::get("/").body(ProbeBody::empty()).unwrap();
    let response = metrics.server_layer().layer(limited).oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap_err();
    let labels = r#",http_response_status_code="200",error_type="timeout""#;
    is_recorded(&metrics, SERVER, &format!("{OF_SERVER}{labels}"));
    let page = Exposition::new().timeout(&timeouts).render(Format::Text);
    assert!(
        page.contains("battlement_timeout_expired_total{kind=\"response_body\"} 1\n"),
        "{page}"
    );
}

#[tokio::test]
async fn a_request_that_arrives_with_no_time_left_counts_as_deadline_exceeded() {
    let (metrics, timeouts) = (HttpMetrics::new(), TimeoutMetrics::new());
    let limited = DeadlineLayer::new().observe(timeouts.clone()).layer(hanging());
    let mut request = request();
    *request.method_mut() = http::Method::POST;
    for (name, value) in [("content-type", "application/grpc"), ("grpc-timeout", "0S")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    metrics.grpc_layer().layer(limited).oneshot(request).await.unwrap();
    let labels = r#"rpc_system_name="grpc",rpc_method="_OTHER",rpc_status_code="DEADLINE_EXCEEDED",error_type="deadline_exceeded""#;
    is_recorded(&metrics, "rpc_server_call_duration_seconds", labels);
    let [text, _] = accepted(&Exposition::new().timeout(&timeouts));
    for sample in [
        "not_called_total 1\n",
        "time_left_seconds_bucket{le=\"0.0\"} 1\n",
        "time_left_seconds_count 1\n",
        "expired_total{kind=\"deadline\"} 0\n",
    ] {
        assert!(text.contains(&format!("battlement_timeout_{sample}")), "{sample}: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn expired_limits_are_counted_by_kind_and_requests_by_the_time_that_they_have_left() {
    let timeouts = TimeoutMetrics::new();
    let limit = TimeoutLayer::new(LIMIT).observe(timeouts.clone());
    expires(limit.layer(hanging())).await;
    let limit = DeadlineLayer::new().default_limit(2 * LIMIT).observe(timeouts.clone());
    expires(limit.layer(hanging())).await;
    let limit = DeadlineLayer::client(LIMIT).observe(timeouts.clone());
    expires(limit.layer(hanging())).await;
    let page = Exposition::new().timeout(&timeouts).timeout(&timeouts.clone());
    let [text, _] = accepted(&page);
    for sample in [
        "expired_total{kind=\"call\"} 1\n",
        "expired_total{kind=\"deadline\"} 1\n",
        "expired_total{kind=\"total\"} 1\n",
        "expired_total{kind=\"request_body\"} 0\n",
        "not_called_total 0\n",
        "time_left_seconds_bucket{le=\"2.5\"} 0\n",
        "time_left_seconds_bucket{le=\"5.0\"} 1\n",
        "time_left_seconds_sum 4\n",
    ] {
        assert!(text.contains(&format!("battlement_timeout_{sample}")), "{sample}: {text}");
    }
}

#[test]
fn every_kind_has_a_series_except_calls_that_were_not_made() {
    let timeouts = TimeoutMetrics::new();
    timeouts.arrived(Duration::MAX);
    let page = Exposition::new().timeout(&timeouts).render(Format::Text);
    for kind in ElapsedKind::ALL {
        let series = format!("battlement_timeout_expired_total{{kind=\"{}\"}} 0\n", kind.as_str());
        assert_eq!(page.contains(&series), kind != ElapsedKind::NoTimeLeft, "{page}");
    }
    assert!(page.contains("battlement_timeout_time_left_seconds_bucket{le=\"60.0\"} 0\n"));
    assert!(page.contains("battlement_timeout_time_left_seconds_count 1\n"), "{page}");
}
