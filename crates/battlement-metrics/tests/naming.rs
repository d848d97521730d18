//! Names that dashboards know already.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use battlement_core::{DropReason, RequestFacts};
use battlement_metrics::{Exposition, Format, HttpMetrics, HttpMetricsBuilder, Naming};
use battlement_testkit::probe::{Probe, ProbeBody};
use http::{Method, Request, Response, StatusCode};
use tower::{Layer, Service, ServiceExt, service_fn};

use self::page::page;

async fn served(naming: Naming) -> String {
    served_by(HttpMetrics::builder().naming(naming)).await
}

/// Returns the page after a request with a response, a cancelled one and one that timed out.
async fn served_by(builder: HttpMetricsBuilder) -> String {
    let metrics = builder.build();
    let service = service_fn(async |request: Request<ProbeBody>| {
        RequestFacts::of(&request).unwrap().set_route("/users/{id}");
        let created = Response::builder().status(StatusCode::CREATED);
        Ok::<_, std::convert::Infallible>(created.body(ProbeBody::empty()).unwrap())
    });
    let request = || Request::new(ProbeBody::empty());
    metrics.server_layer().layer(service).oneshot(request()).await.unwrap();
    drop(metrics.server_layer().layer(Probe::new()).call(request()));
    let mut late = request();
    let facts = RequestFacts::of_or_start(&mut late);
    let call = metrics.server_layer().layer(Probe::new()).call(late);
    facts.drop_for(DropReason::Timeout);
    drop(call);
    page(&metrics).text
}

fn has(page: &str, lines: &[&str]) {
    for line in lines {
        assert!(page.lines().any(|there| there == *line), "{line} is missing in: {page}");
    }
}

fn bounds(page: &str, start: &str) -> Vec<String> {
    let bound = |line: &str| Some(line.strip_prefix(start)?.split_once("le=\"")?.1.to_owned());
    page.lines().filter_map(bound).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn axum_prometheus_s_dashboards_keep_working() {
    let page = served(Naming::AxumPrometheus).await;
    has(
        &page,
        &[
            "# TYPE axum_http_requests_total counter",
            r#"axum_http_requests_total{method="GET",status="201",endpoint="/users/{id}"} 1"#,
            r#"axum_http_requests_total{method="GET",status="499"} 1"#,
            r#"axum_http_requests_total{method="GET",status="504"} 1"#,
            r#"axum_http_requests_duration_seconds_count{method="GET",status="201",endpoint="/users/{id}"} 1"#,
            r#"axum_http_requests_pending{method="GET"} 0"#,
        ],
    );
    let start = "axum_http_requests_duration_seconds_bucket{method=\"GET\",status=\"201\"";
    let expected =
        ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
    assert_eq!(bounds(&page, start), expected);
}

#[tokio::test]
async fn express_prom_bundle_s_dashboards_keep_working() {
    let page = served(Naming::ExpressPromBundle).await;
    has(
        &page,
        &[
            "# TYPE http_request_duration_seconds histogram",
            r#"http_request_duration_seconds_count{method="GET",status_code="201",path="/users/{id}"} 1"#,
            r#"http_request_duration_seconds_count{method="GET",status_code="499"} 1"#,
        ],
    );
    let start = "http_request_duration_seconds_bucket{method=\"GET\",status_code=\"201\"";
    assert_eq!(bounds(&page, start), ["0.003", "0.03", "0.1", "0.3", "1.5", "10", "+Inf"]);
}

#[tokio::test]
async fn plain_names_are_those_of_prometheus_own_libraries() {
    let page = served(Naming::Prometheus).await;
    has(
        &page,
        &[
            r#"http_requests_total{method="GET",code="201",handler="/users/{id}"} 1"#,
            r#"http_request_duration_seconds_count{method="GET",code="201",handler="/users/{id}"} 1"#,
            r#"http_requests_in_flight{method="GET"} 0"#,
        ],
    );
}

#[tokio::test]
async fn the_default_has_opentelemetry_s_names_labels_and_buckets() {
    let page = served(Naming::Otel).await;
    has(
        &page,
        &[
            "# TYPE http_server_request_duration_seconds histogram",
            r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",http_response_status_code="201",http_route="/users/{id}"} 1"#,
            r#"http_server_request_duration_seconds_count{http_request_method="GET",url_scheme="http",error_type="timeout"} 1"#,
            r#"http_server_active_requests{http_request_method="GET",url_scheme="http"} 0"#,
        ],
    );
    let start = "http_server_request_duration_seconds_bucket{http_request_method=\"GET\",url_scheme=\"http\",http_response_status_code";
    let expected = [
        "0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5",
        "5.0", "7.5", "10.0", "+Inf",
    ];
    assert_eq!(bounds(&page, start), expected);
}

#[tokio::test]
async fn the_plain_names_of_node_services_have_their_labels_and_bounds() {
    let page = served(Naming::PromClient).await;
    has(
        &page,
        &[
            "# TYPE http_requests_total counter",
            "# TYPE http_request_duration_seconds histogram",
            r#"http_requests_total{method="GET",status_code="201",route="/users/{id}"} 1"#,
            r#"http_request_duration_seconds_count{method="GET",status_code="201",route="/users/{id}"} 1"#,
            r#"http_request_duration_seconds_count{method="GET",status_code="499"} 1"#,
        ],
    );
    let start = "http_request_duration_seconds_bucket{method=\"GET\",status_code=\"201\"";
    assert_eq!(bounds(&page, start), PROM_CLIENT);
}

const PROM_CLIENT: [&str; 12] =
    ["0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];

#[tokio::test]
async fn a_prefix_stands_before_the_names_of_a_server() {
    let shop = |naming| HttpMetrics::builder().naming(naming).prefix("shop_").body_sizes(true);
    let page = served_by(shop(Naming::PromClient)).await;
    has(
        &page,
        &[
            r#"shop_http_requests_total{method="GET",status_code="201",route="/users/{id}"} 1"#,
            "# TYPE shop_http_request_duration_seconds histogram",
            "# TYPE shop_http_server_active_requests gauge",
            r#"battlement_metrics_overflow_total{metric="shop_http_request_duration_seconds"} 0"#,
        ],
    );
    // As axum-prometheus has it, in the place of its own.
    let page = served_by(shop(Naming::AxumPrometheus)).await;
    has(
        &page,
        &["# TYPE shop_http_requests_total counter", "# TYPE shop_http_requests_pending gauge"],
    );
    assert!(!page.contains("axum_"), "{page}");
}

#[tokio::test]
async fn a_bound_is_the_same_label_in_both_formats() {
    for naming in [
        Naming::Otel,
        Naming::Prometheus,
        Naming::AxumPrometheus,
        Naming::ExpressPromBundle,
        Naming::PromClient,
    ] {
        let metrics = HttpMetrics::builder().naming(naming).known_route(Method::GET, "/").build();
        let page = Exposition::new().metrics(&metrics);
        let [text, open] = [Format::Text, Format::OpenMetrics].map(|format| page.render(format));
        let of = |page: &str| -> Vec<String> {
            page.lines().filter(|line| line.contains("_bucket{")).map(ToOwned::to_owned).collect()
        };
        assert_eq!(of(&text), of(&open));
        let bound = if naming == Naming::Otel { "le=\"10.0\"" } else { "le=\"10\"" };
        assert!(text.contains(bound), "{text}");
    }
}
