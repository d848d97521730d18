//! Requests that a battlement layer answered instead of the service, and calls that failed with a typed error.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{convert::Infallible, error::Error, io};

use battlement_core::{
    Answer, Caller, DropReason, Rejection, RejectionKind, RequestFacts, ResponseBody,
};
use battlement_metrics::{HttpMetrics, MetricsLayer, Naming};
use battlement_testkit::probe::{ProbeBody, ProbeError};
use http::{Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};

use self::page::page;

type BoxError = Box<dyn Error + Send + Sync>;
type Answered = Response<ResponseBody<ProbeBody>>;

const SERVER: &str = "http_server_request_duration_seconds";
const CLIENT: &str = "http_client_request_duration_seconds";

fn request() -> Request<ProbeBody> {
    Request::get("http://shop.internal/").body(ProbeBody::empty()).unwrap()
}

fn grpc_request() -> Request<ProbeBody> {
    let request = Request::post("/pkg.Echo/Say").header("content-type", "application/grpc");
    request.body(ProbeBody::empty()).unwrap()
}

/// Sends a request through `layer` to a layer that rejects it with an answer.
async fn answered(layer: MetricsLayer, kind: RejectionKind, request: Request<ProbeBody>) {
    let service = service_fn(async |request: Request<ProbeBody>| {
        let answer = Answer::new(Rejection::new(kind));
        Ok::<Answered, Infallible>(answer.response(Caller::of(&request)))
    });
    let response = layer.layer(service).oneshot(request).await.unwrap();
    response.into_body().collect().await.unwrap();
}

/// Sends a request through `layer` to a service that fails with `error`.
async fn failed<E: 'static>(layer: MetricsLayer, error: impl Fn() -> E) {
    let service = service_fn(async |_: Request<ProbeBody>| Err::<Answered, E>(error()));
    assert!(layer.layer(service).oneshot(request()).await.is_err());
}

#[tokio::test]
async fn an_answer_of_a_layer_is_typed_by_its_rejection_and_keeps_its_status() {
    use RejectionKind::{
        CircuitOpen, DeadlineExceeded, Overloaded, ShuttingDown, Timeout, Unavailable,
    };
    let kinds = [CircuitOpen, DeadlineExceeded, Overloaded, ShuttingDown, Timeout, Unavailable];
    let metrics = HttpMetrics::new();
    for kind in kinds {
        answered(metrics.server_layer(), kind, request()).await;
    }
    let page = page(&metrics);
    for kind in kinds {
        let labels = format!(
            r#"http_request_method="GET",url_scheme="http",http_response_status_code="{}",error_type="{}""#,
            kind.status().as_str(),
            kind.as_str()
        );
        assert_eq!(page.count((SERVER, &labels)), Some(1), "{}", page.text);
    }
}

#[tokio::test]
async fn to_a_server_a_rejected_request_of_the_client_is_not_an_error() {
    let metrics = HttpMetrics::new();
    answered(metrics.server_layer(), RejectionKind::RateLimited, request()).await;
    let labels = r#"http_request_method="GET",url_scheme="http",http_response_status_code="429""#;
    assert_eq!(page(&metrics).count((SERVER, labels)), Some(1), "{}", page(&metrics).text);
}

#[tokio::test]
async fn around_a_client_every_answer_of_a_layer_is_typed_by_its_rejection() {
    let metrics = HttpMetrics::new();
    for kind in RejectionKind::ALL {
        answered(metrics.client_layer("shop"), *kind, request()).await;
    }
    let page = page(&metrics);
    for kind in RejectionKind::ALL {
        let labels = format!(
            r#"http_request_method="GET",server_address="shop",http_response_status_code="{}",error_type="{}""#,
            kind.status().as_str(),
            kind.as_str()
        );
        assert_eq!(page.count((CLIENT, &labels)), Some(1), "{}", page.text);
    }
}

#[tokio::test]
async fn an_answer_to_a_grpc_call_is_typed_by_its_rejection_on_both_sides() {
    let metrics = HttpMetrics::builder().grpc_methods("pkg.Echo", ["Say"]).build();
    for layer in [metrics.grpc_layer(), metrics.grpc_client_layer("echo")] {
        for kind in [RejectionKind::Timeout, RejectionKind::RateLimited] {
            answered(layer.clone(), kind, grpc_request()).await;
        }
    }
    let page = page(&metrics);
    let [server, client] = ["rpc_server_call_duration_seconds", "rpc_client_call_duration_seconds"];
    let known = r#"rpc_system_name="grpc",rpc_method="pkg.Echo/Say""#;
    for (name, owner, result) in [
        (server, "", r#"rpc_status_code="DEADLINE_EXCEEDED",error_type="timeout""#),
        // By OpenTelemetry's conventions, this code is not an error of a server.
        (server, "", r#"rpc_status_code="RESOURCE_EXHAUSTED""#),
        (
            client,
            r#",server_address="echo""#,
            r#"rpc_status_code="DEADLINE_EXCEEDED",error_type="timeout""#,
        ),
        (
            client,
            r#",server_address="echo""#,
            r#"rpc_status_code="RESOURCE_EXHAUSTED",error_type="rate_limited""#,
        ),
    ] {
        let labels = format!("{known}{owner},{result}");
        assert_eq!(page.count((name, &labels)), Some(1), "{labels}: {}", page.text);
    }
}

#[tokio::test]
async fn a_typed_error_is_named_by_the_rejection_among_its_sources() {
    let metrics = HttpMetrics::new();
    let error = |kind| -> BoxError { io::Error::other(Rejection::new(kind)).into() };
    failed(metrics.server_layer(), || error(RejectionKind::Timeout)).await;
    failed(metrics.client_layer("shop"), || error(RejectionKind::CircuitOpen)).await;
    let page = page(&metrics);
    for labels in [
        (SERVER, r#"http_request_method="GET",url_scheme="http",error_type="timeout""#),
        (CLIENT, r#"http_request_method="GET",server_address="shop",error_type="circuit_open""#),
    ] {
        assert_eq!(page.count(labels), Some(1), "{}", page.text);
    }
}

#[tokio::test]
async fn an_error_of_another_type_is_an_error() {
    let metrics = HttpMetrics::new();
    failed(metrics.server_layer(), || "not a standard error").await;
    failed(metrics.server_layer(), || BoxError::from("disk")).await;
    let labels = r#"http_request_method="GET",url_scheme="http",error_type="error""#;
    assert_eq!(page(&metrics).count((SERVER, labels)), Some(2), "{}", page(&metrics).text);
}

#[tokio::test]
async fn a_naming_that_needs_a_status_shows_that_of_the_rejection() {
    let metrics = HttpMetrics::builder().naming(Naming::Prometheus).build();
    for kind in [RejectionKind::RateLimited, RejectionKind::CircuitOpen, RejectionKind::Timeout] {
        failed(metrics.server_layer(), || -> BoxError { Rejection::new(kind).into() }).await;
    }
    for code in [429, 503, 504] {
        let sample = format!("http_requests_total{{method=\"GET\",code=\"{code}\"}} 1\n");
        assert!(page(&metrics).text.contains(&sample), "{}", page(&metrics).text);
    }
}

/// Sends a request whose body fails after a layer has set the reason.
async fn ended_for(metrics: &HttpMetrics, reason: DropReason) {
    let service = service_fn(async |request: Request<ProbeBody>| {
        RequestFacts::of(&request).unwrap().drop_for(reason);
        let body = ProbeBody::empty().data("half").error(ProbeError::new("ended")).stream();
        Ok::<_, Infallible>(Response::new(body))
    });
    let response = metrics.server_layer().layer(service).oneshot(request()).await.unwrap();
    response.into_body().collect().await.unwrap_err();
}

#[tokio::test]
async fn a_body_that_a_layer_ended_with_an_error_has_the_reason_of_that_layer() {
    let metrics = HttpMetrics::new();
    ended_for(&metrics, DropReason::Timeout).await;
    ended_for(&metrics, DropReason::Cancelled).await;
    for error in ["timeout", "body_error"] {
        let labels = format!(
            r#"http_request_method="GET",url_scheme="http",http_response_status_code="200",error_type="{error}""#
        );
        assert_eq!(page(&metrics).count((SERVER, &labels)), Some(1), "{}", page(&metrics).text);
    }
}
