//! Metrics of a server's requests.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use battlement_core::{DropReason, RequestFacts, dropping};
use battlement_metrics::{Format, HttpMetrics, Label, Naming, RouteTemplate};
use battlement_testkit::probe::{Gate, Probe, ProbeBody, ProbeError, Reply};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::BodyExt;
use tokio::time::{advance, sleep};
use tower::{Layer, Service, ServiceExt, service_fn};

use self::page::page;

fn get(path: &str) -> Request<ProbeBody> {
    Request::get(path).body(ProbeBody::empty()).unwrap()
}

/// Returns a body of one frame that never ends.
fn endless() -> ProbeBody {
    ProbeBody::empty().data("four").wait(&Gate::new()).data("never").stream()
}

const fn duration(labels: &str) -> (&'static str, &str) {
    ("http_server_request_duration_seconds", labels)
}

async fn serve(metrics: &HttpMetrics, reply: Reply, request: Request<ProbeBody>) {
    let probe = Probe::new();
    probe.next(reply);
    if let Ok(response) = metrics.server_layer().layer(probe).oneshot(request).await {
        let _ = response.into_body().collect().await;
    }
}

#[tokio::test]
async fn a_request_is_counted_once_with_method_scheme_and_status() {
    let metrics = HttpMetrics::new();
    serve(&metrics, Reply::status(StatusCode::CREATED), get("/")).await;
    let labels = r#"http_request_method="GET",url_scheme="http",http_response_status_code="201""#;
    assert_eq!(page(&metrics).count(duration(labels)), Some(1));
    assert_eq!((metrics.ended(), metrics.active()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn the_duration_ends_with_the_body_and_the_first_byte_has_a_histogram_of_its_own() {
    let metrics = HttpMetrics::builder().time_to_first_byte(true).build();
    let probe = Probe::new();
    probe.next(Reply::body(endless()));
    let response = metrics.server_layer().layer(probe).oneshot(get("/")).await.unwrap();
    assert_eq!(metrics.active(), 1);
    advance(Duration::from_secs(3)).await;
    drop(response);
    let page = page(&metrics);
    assert_eq!(page.total("http_server_request_duration_seconds_sum"), 3.0);
    assert_eq!(page.total("http_server_time_to_first_byte_seconds_sum"), 0.0);
    assert_eq!(page.total("http_server_time_to_first_byte_seconds_count"), 1.0);
}

#[tokio::test(start_paused = true)]
async fn the_start_is_that_of_the_facts_so_that_all_layers_agree() {
    let metrics = HttpMetrics::new();
    let mut request = get("/");
    RequestFacts::of_or_start(&mut request);
    advance(Duration::from_secs(2)).await;
    serve(&metrics, Reply::status(StatusCode::OK), request).await;
    assert_eq!(page(&metrics).total("http_server_request_duration_seconds_sum"), 2.0);
}

#[tokio::test]
async fn a_dropped_call_is_counted_as_cancelled_and_is_no_5xx() {
    let metrics = HttpMetrics::new();
    let probe = Probe::new();
    probe.next(Reply::never());
    let mut call = tokio_test::task::spawn(metrics.server_layer().layer(probe).oneshot(get("/")));
    assert!(call.poll().is_pending());
    assert_eq!(metrics.active(), 1);
    drop(call);
    let labels = r#"http_request_method="GET",url_scheme="http",error_type="cancelled""#;
    assert_eq!(page(&metrics).count(duration(labels)), Some(1));
    assert_eq!(metrics.active(), 0);
}

#[tokio::test]
async fn a_call_that_is_never_polled_is_counted() {
    let metrics = HttpMetrics::new();
    drop(metrics.server_layer().layer(Probe::new()).call(get("/")));
    assert!(page(&metrics).text.contains(r#"error_type="cancelled""#));
    assert_eq!((metrics.ended(), metrics.active()), (1, 0));
}

#[tokio::test]
async fn a_drop_says_why_where_a_layer_knows() {
    for (reason, label) in [(DropReason::Timeout, "timeout"), (DropReason::Shutdown, "shutdown")] {
        let metrics = HttpMetrics::new();
        let mut request = get("/");
        let facts = RequestFacts::of_or_start(&mut request);
        let call = metrics.server_layer().layer(Probe::new()).call(request);
        facts.drop_for(reason);
        drop(call);
        assert!(page(&metrics).text.contains(&format!("error_type=\"{label}\"")), "{label}");
    }
}

#[tokio::test]
async fn a_response_that_a_drain_drops_at_its_deadline_counts_as_shutdown() {
    let metrics = HttpMetrics::new();
    let probe = Probe::new();
    probe.next(Reply::body(endless()));
    // The server drops the outermost body, so metrics' own runs before any layer within it.
    let response = metrics.server_layer().layer(probe).oneshot(get("/")).await.unwrap();
    dropping(DropReason::Shutdown, || drop(response));
    let text = page(&metrics).text;
    assert!(text.contains(r#"http_response_status_code="200",error_type="shutdown""#), "{text}");
}

#[tokio::test]
async fn a_body_dropped_half_way_keeps_its_status_and_says_so() {
    let metrics = HttpMetrics::new();
    let probe = Probe::new();
    probe.next(Reply::body(endless()));
    drop(metrics.server_layer().layer(probe).oneshot(get("/")).await.unwrap());
    let text = page(&metrics).text;
    assert!(text.contains(r#"http_response_status_code="200",error_type="cancelled""#), "{text}");
}

#[tokio::test]
async fn an_error_of_the_service_is_counted_with_its_route() {
    let metrics = HttpMetrics::new();
    let service = service_fn(async |request: Request<ProbeBody>| {
        RequestFacts::of(&request).unwrap().set_route("/orders/{id}");
        Err::<Response<ProbeBody>, _>(ProbeError::new("secret: 42"))
    });
    metrics.server_layer().layer(service).oneshot(get("/orders/1")).await.unwrap_err();
    let text = page(&metrics).text;
    assert!(text.contains(r#"http_route="/orders/{id}",error_type="error""#), "{text}");
    assert!(!text.contains("secret"));
}

#[tokio::test]
async fn a_panic_is_counted_wherever_it_is_caught() {
    let metrics = HttpMetrics::new();
    let mut service = metrics.server_layer().layer(service_fn(|_: Request<ProbeBody>| {
        panic!("in call");
        #[expect(unreachable_code, reason = "says what the future is")]
        std::future::ready(Ok::<Response<ProbeBody>, ProbeError>(unreachable!()))
    }));
    assert!(catch_unwind(AssertUnwindSafe(|| drop(service.call(get("/"))))).is_err());

    let service = service_fn(async |request: Request<ProbeBody>| {
        assert!(request.uri().path() == "/never", "in the future");
        Ok::<Response<ProbeBody>, ProbeError>(Response::new(ProbeBody::empty()))
    });
    let mut call = tokio_test::task::spawn(metrics.server_layer().layer(service).oneshot(get("/")));
    assert!(catch_unwind(AssertUnwindSafe(|| call.poll())).is_err());
    drop(call);
    let labels = r#"http_request_method="GET",url_scheme="http",error_type="panic""#;
    assert_eq!(page(&metrics).count(duration(labels)), Some(2));
    assert_eq!(metrics.active(), 0);
}

#[tokio::test]
async fn a_server_s_error_is_typed_by_its_status_and_a_client_s_is_none() {
    let metrics = HttpMetrics::new();
    serve(&metrics, Reply::status(StatusCode::BAD_GATEWAY), get("/")).await;
    serve(&metrics, Reply::status(StatusCode::NOT_FOUND), get("/")).await;
    let text = page(&metrics).text;
    assert!(text.contains(r#"http_response_status_code="502",error_type="502""#));
    assert!(text.contains(r#"http_response_status_code="404"}"#));
}

#[tokio::test(start_paused = true)]
async fn event_streams_and_upgrades_do_not_spoil_the_durations_of_requests() {
    let metrics = HttpMetrics::new();
    let service = service_fn(async |request: Request<ProbeBody>| {
        let mut response = Response::new(endless());
        if request.uri().path() == "/upgrade" {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        } else {
            let value = "text/event-stream; charset=utf-8".parse().unwrap();
            response.headers_mut().insert("content-type", value);
        }
        Ok::<_, ProbeError>(response)
    });
    let response = metrics.server_layer().layer(service).oneshot(get("/")).await.unwrap();
    sleep(Duration::from_secs(3_600)).await;
    drop(response);
    drop(metrics.server_layer().layer(service).oneshot(get("/upgrade")).await.unwrap());
    let page = page(&metrics);
    assert_eq!(page.total("http_server_stream_duration_seconds_sum"), 3_600.0);
    assert_eq!(page.total("http_server_stream_duration_seconds_count"), 2.0);
    assert_eq!(page.total("http_server_request_duration_seconds_count"), 0.0);
}

#[tokio::test]
async fn without_a_route_there_is_no_label_and_never_the_path() {
    let metrics = HttpMetrics::new();
    serve(&metrics, Reply::status(StatusCode::NOT_FOUND), get("/.env")).await;
    let text = page(&metrics).text;
    assert!(!text.contains("http_route") && !text.contains(".env"), "{text}");
}

#[tokio::test]
async fn the_route_is_told_by_the_facts_the_response_a_table_or_a_closure() {
    let metrics = HttpMetrics::builder()
        .route_table(["/users/{id}", "/files/{*path}"])
        .route_by(|_, uri| (uri.path() == "/closure").then_some("/by-closure"))
        .build();
    let service = service_fn(async |request: Request<ProbeBody>| {
        let mut response = Response::new(ProbeBody::empty());
        match request.uri().path() {
            "/facts" => RequestFacts::of(&request).unwrap().set_route("/by-facts"),
            "/response" => {
                response.extensions_mut().insert(RouteTemplate("/by-response".into()));
            }
            _ => {}
        }
        Ok::<_, ProbeError>(response)
    });
    for path in ["/facts", "/response", "/closure", "/users/7", "/files/a/b"] {
        metrics.server_layer().layer(service).oneshot(get(path)).await.unwrap();
    }
    let text = page(&metrics).text;
    for route in ["/by-facts", "/by-response", "/by-closure", "/users/{id}", "/files/{*path}"] {
        assert!(text.contains(&format!("http_route=\"{route}\"")), "{route} is missing: {text}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_known_is_other_and_the_list_can_be_replaced() {
    let brew = Method::from_bytes(b"BREW").unwrap();
    let request = |method: &Method| {
        Request::builder().method(method).uri("/").body(ProbeBody::empty()).unwrap()
    };
    let metrics = HttpMetrics::new();
    serve(&metrics, Reply::status(StatusCode::OK), request(&brew)).await;
    assert!(page(&metrics).text.contains(r#"http_request_method="_OTHER""#));
    let metrics = HttpMetrics::builder().known_methods([brew.clone()]).build();
    serve(&metrics, Reply::status(StatusCode::OK), request(&brew)).await;
    serve(&metrics, Reply::status(StatusCode::OK), request(&Method::GET)).await;
    let text = page(&metrics).text;
    assert!(text.contains(r#"http_request_method="BREW""#) && !text.contains("GET"));
}

#[tokio::test]
async fn beyond_the_caps_there_is_one_series_and_a_metric_that_tells() {
    let metrics = HttpMetrics::builder().max_routes(2).build();
    let service = service_fn(async |request: Request<ProbeBody>| {
        let facts = RequestFacts::of(&request).unwrap();
        facts.set_route(request.uri().path().to_owned());
        Ok::<_, ProbeError>(Response::new(ProbeBody::empty()))
    });
    for n in 0..10 {
        metrics.server_layer().layer(service).oneshot(get(&format!("/{n}"))).await.unwrap();
    }
    let page = page(&metrics);
    assert_eq!(page.count(duration(r#"otel_metric_overflow="true""#)), Some(8));
    let told =
        r#"battlement_metrics_overflow_total{metric="http_server_request_duration_seconds"} 8"#;
    assert!(page.text.contains(told), "{}", page.text);
    assert_eq!(metrics.ended(), 10);
}

#[tokio::test]
async fn a_known_route_is_there_at_zero() {
    let metrics = HttpMetrics::builder().known_route(Method::GET, "/orders").build();
    let page = page(&metrics);
    for labels in [
        r#"http_request_method="GET",url_scheme="http",http_response_status_code="200",http_route="/orders""#,
        r#"http_request_method="GET",url_scheme="http",http_response_status_code="500",http_route="/orders",error_type="500""#,
    ] {
        assert_eq!(page.count(duration(labels)), Some(0), "{}", page.text);
    }
    assert!(!page.text.contains("overflow=\"true\""));
}

#[tokio::test]
async fn sizes_are_counted_once_a_request_and_empty_ones_too() {
    let metrics = HttpMetrics::builder().body_sizes(true).build();
    serve(
        &metrics,
        Reply::body((0..5).fold(ProbeBody::empty(), |body, _| body.data("0123456789"))),
        get("/"),
    )
    .await;
    serve(&metrics, Reply::status(StatusCode::OK), get("/")).await;
    let page = page(&metrics);
    assert_eq!(page.total("http_server_response_body_size_bytes_sum"), 50.0);
    assert_eq!(page.total("http_server_response_body_size_bytes_count"), 2.0);
}

#[tokio::test]
async fn probes_can_be_left_out() {
    let metrics = HttpMetrics::builder().leave_out(["/livez"]).build();
    serve(&metrics, Reply::status(StatusCode::OK), get("/livez")).await;
    assert_eq!(metrics.ended(), 0);
    serve(&metrics, Reply::status(StatusCode::OK), get("/livez/")).await;
    assert_eq!(metrics.ended(), 1);
}

#[tokio::test]
async fn two_metrics_on_one_page_are_added_up() {
    let (one, two) = (HttpMetrics::new(), HttpMetrics::new());
    serve(&one, Reply::status(StatusCode::OK), get("/")).await;
    serve(&two, Reply::status(StatusCode::OK), get("/")).await;
    let page = battlement_metrics::Exposition::new().metrics(&one).metrics(&two);
    let text = page.render(Format::Text);
    assert!(text.contains(r#"http_response_status_code="200"} 2"#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn buckets_can_be_one_s_own() {
    let bounds = [100, 2_000].map(Duration::from_millis);
    let metrics = HttpMetrics::builder().duration_buckets(bounds).build();
    let mut request = get("/");
    RequestFacts::of_or_start(&mut request);
    advance(Duration::from_secs(1)).await;
    serve(&metrics, Reply::status(StatusCode::OK), request).await;
    let text = page(&metrics).text;
    assert!(text.contains(r#"le="0.1"} 0"#) && text.contains(r#"le="2.0"} 1"#), "{text}");
    assert!(!text.contains(r#"le="0.005""#));
}

#[tokio::test]
async fn a_declared_length_of_any_size_does_not_wrap_a_sum() {
    let metrics = HttpMetrics::builder().body_sizes(true).build();
    for _ in 0..4 {
        let mut request = get("/");
        request.headers_mut().insert("content-length", u64::MAX.into());
        serve(&metrics, Reply::status(StatusCode::OK), request).await;
    }
    let sum = page(&metrics).total("http_server_request_body_size_bytes_sum");
    assert_eq!(sum, 4.0 * 2_f64.powi(63), "a length above 2^63 - 1 counts as that");
}

#[tokio::test]
async fn a_known_route_has_every_series_that_its_requests_can_have() {
    for naming in [Naming::Otel, Naming::Prometheus, Naming::AxumPrometheus, Naming::PromClient] {
        let metrics = HttpMetrics::builder()
            .naming(naming)
            .labels([Label::ProtocolVersion])
            .time_to_first_byte(true)
            .body_sizes(true)
            .known_route(Method::GET, "/orders")
            .build();
        let series = |metrics: &HttpMetrics| {
            let text = page(metrics).text;
            let names = text
                .lines()
                .filter(|line| line.contains("_count{"))
                .map(|line| line.rsplit_once(' ').unwrap().0.to_owned());
            names.collect::<Vec<_>>()
        };
        let known = series(&metrics);
        assert!(known.iter().all(|series| series.contains("/orders")), "{known:#?}");
        let service = service_fn(async |request: Request<ProbeBody>| {
            RequestFacts::of(&request).unwrap().set_route("/orders");
            let mut response = Response::new(ProbeBody::empty());
            if request.headers().contains_key("x-fail") {
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            }
            Ok::<_, ProbeError>(response)
        });
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
            for uri in ["/orders", "http://shop/orders", "https://shop/orders"] {
                for fail in [false, true] {
                    let mut request = get(uri);
                    *request.version_mut() = version;
                    if fail {
                        request.headers_mut().insert("x-fail", 1.into());
                    }
                    drop(metrics.server_layer().layer(service).oneshot(request).await.unwrap());
                }
            }
        }
        assert_eq!(metrics.ended(), 24);
        assert_eq!(series(&metrics), known, "{naming:?}");
    }
}
