//! Metrics of a client's calls.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use battlement_core::{DropReason, dropping};
use battlement_metrics::HttpMetrics;
use battlement_testkit::probe::{Gate, Probe, ProbeBody, ProbeError, Reply};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};

use self::page::page;

const DURATION: &str = "http_client_request_duration_seconds";

fn request() -> Request<ProbeBody> {
    Request::get("http://10.0.0.7:8080/secret/path").body(ProbeBody::empty()).unwrap()
}

async fn call(metrics: &HttpMetrics, name: &str, reply: Reply) {
    let probe = Probe::new();
    probe.next(reply);
    if let Ok(response) = metrics.client_layer(name).layer(probe).oneshot(request()).await {
        let _ = response.into_body().collect().await;
    }
}

#[tokio::test]
async fn a_call_is_labelled_with_the_name_you_gave_and_nothing_of_its_address() {
    let metrics = HttpMetrics::new();
    call(&metrics, "payments", Reply::status(StatusCode::OK)).await;
    call(&metrics, "inventory", Reply::status(StatusCode::OK)).await;
    let page = page(&metrics);
    for name in ["payments", "inventory"] {
        let labels = format!(
            r#"http_request_method="GET",server_address="{name}",http_response_status_code="200""#
        );
        assert_eq!(page.count((DURATION, &labels)), Some(1), "{}", page.text);
    }
    assert!(!page.text.contains("10.0.0.7") && !page.text.contains("secret"), "{}", page.text);
}

#[tokio::test]
async fn to_a_client_a_4xx_is_an_error_as_well() {
    let metrics = HttpMetrics::new();
    call(&metrics, "a", Reply::status(StatusCode::NOT_FOUND)).await;
    let labels = r#"http_request_method="GET",server_address="a",http_response_status_code="404",error_type="404""#;
    assert_eq!(page(&metrics).count((DURATION, labels)), Some(1));
}

#[tokio::test]
async fn a_call_dropped_by_a_timeout_counts_as_a_timeout() {
    let metrics = HttpMetrics::new();
    let probe = Probe::new();
    probe.next(Reply::never());
    let call = metrics.client_layer("a").layer(probe).oneshot(request());
    let mut call = tokio_test::task::spawn(call);
    assert!(call.poll().is_pending());
    dropping(DropReason::Timeout, || drop(call));
    let text = page(&metrics).text;
    assert!(text.contains(r#"error_type="timeout""#), "{text}");
    assert!(!text.contains(r#"error_type="cancelled""#), "{text}");
}

#[tokio::test]
async fn a_call_that_fails_or_is_given_up_is_counted() {
    let metrics = HttpMetrics::new();
    let failing = service_fn(async |_: Request<ProbeBody>| {
        Err::<Response<ProbeBody>, _>(ProbeError::new("no route to 10.0.0.7"))
    });
    metrics.client_layer("a").layer(failing).oneshot(request()).await.unwrap_err();
    let probe = Probe::new();
    probe.next(Reply::never());
    let mut call =
        tokio_test::task::spawn(metrics.client_layer("a").layer(probe).oneshot(request()));
    assert!(call.poll().is_pending());
    assert_eq!(metrics.active(), 1);
    drop(call);
    let page = page(&metrics);
    for error in ["error", "cancelled"] {
        let labels =
            format!(r#"http_request_method="GET",server_address="a",error_type="{error}""#);
        assert_eq!(page.count((DURATION, &labels)), Some(1), "{}", page.text);
    }
    assert_eq!(metrics.active(), 0);
    assert!(!page.text.contains("10.0.0.7"));
}

#[tokio::test]
async fn names_of_clients_are_capped() {
    let metrics = HttpMetrics::builder().max_clients(2).build();
    for name in ["a", "b", "c", "d"] {
        call(&metrics, name, Reply::status(StatusCode::OK)).await;
    }
    let page = page(&metrics);
    assert_eq!(page.count((DURATION, r#"otel_metric_overflow="true""#)), Some(2), "{}", page.text);
    let told = format!("battlement_metrics_overflow_total{{metric=\"{DURATION}\"}} 2");
    assert!(page.text.contains(&told), "{}", page.text);
    assert_eq!((metrics.ended(), metrics.active()), (4, 0));
}

#[tokio::test]
async fn outside_of_a_retry_a_call_is_one_and_inside_of_it_each_try_is() {
    let twice = |metrics: &HttpMetrics| {
        let inner = metrics.client_layer("tries").layer(Probe::new());
        let twice = service_fn(move |_: Request<ProbeBody>| {
            let inner = inner.clone();
            async move {
                inner.clone().oneshot(request()).await?.into_body().collect().await?;
                inner.oneshot(request()).await
            }
        });
        metrics.client_layer("calls").layer(twice)
    };
    let metrics = HttpMetrics::new();
    let response = twice(&metrics).oneshot(request()).await.unwrap();
    response.into_body().collect().await.unwrap();
    let page = page(&metrics);
    for (name, count) in [("calls", 1), ("tries", 2)] {
        let labels = format!(
            r#"http_request_method="GET",server_address="{name}",http_response_status_code="200""#
        );
        assert_eq!(page.count((DURATION, &labels)), Some(count), "{}", page.text);
    }
}

#[tokio::test]
async fn a_call_of_which_only_the_status_was_read_is_what_the_status_says() {
    let metrics = HttpMetrics::new();
    for status in [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE] {
        let service = service_fn(async |_: Request<ProbeBody>| {
            let body = ProbeBody::empty().data("unread").stream();
            Ok::<_, ProbeError>(Response::builder().status(status).body(body).unwrap())
        });
        let call = || metrics.client_layer("a").layer(service).oneshot(request());
        assert_eq!(call().await.unwrap().status(), status);
        let response = call().await.unwrap();
        dropping(DropReason::Timeout, || drop(response));
    }
    let page = page(&metrics);
    for labels in [
        r#"http_request_method="GET",server_address="a",http_response_status_code="200",error_type="timeout""#,
        r#"http_request_method="GET",server_address="a",http_response_status_code="200""#,
        r#"http_request_method="GET",server_address="a",http_response_status_code="503",error_type="503""#,
    ] {
        assert_eq!(page.count((DURATION, labels)), Some(1), "{}", page.text);
    }
}

#[tokio::test]
async fn a_call_whose_body_is_given_up_halfway_is_cancelled() {
    let metrics = HttpMetrics::new();
    let gate = Gate::new();
    let probe = Probe::new();
    probe.next(Reply::body(ProbeBody::empty().wait(&gate).data("late").stream()));
    let response = metrics.client_layer("a").layer(probe).oneshot(request()).await.unwrap();
    let mut reading = tokio_test::task::spawn(response.into_body().collect());
    assert!(reading.poll().is_pending());
    drop(reading);
    let labels = r#"http_request_method="GET",server_address="a",http_response_status_code="200",error_type="cancelled""#;
    let page = page(&metrics);
    assert_eq!(page.count((DURATION, labels)), Some(1), "{}", page.text);
}
