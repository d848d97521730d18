//! Metrics of gRPC calls in every framing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::convert::Infallible;

use battlement_core::{DropReason, RequestFacts};
use battlement_metrics::HttpMetrics;
use battlement_testkit::probe::{Gate, Probe, ProbeBody, Reply};
use http::{HeaderName, Request, Response};
use http_body_util::BodyExt;
use tower::{Layer, Service, ServiceExt, service_fn};

use self::page::page;

const WEB: &str = "application/grpc-web+proto";
const CALL: &str = "rpc_server_call_duration_seconds";

fn request(content_type: &str) -> Request<ProbeBody> {
    let request = Request::post("/pkg.Echo/Say").header("content-type", content_type);
    request.body(ProbeBody::empty()).unwrap()
}

/// Serves `body` with a layer that knows the method, and returns the page.
async fn served(content_type: &'static str, headers: &[(&str, &str)], body: ProbeBody) -> String {
    let metrics = HttpMetrics::builder().grpc_methods("pkg.Echo", ["Say"]).build();
    let mut response = Response::builder().header("content-type", content_type);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let response = std::sync::Mutex::new(Some(response.body(body.stream()).unwrap()));
    let service = service_fn(|_: Request<ProbeBody>| {
        let response = response.lock().unwrap().take().unwrap();
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let response =
        metrics.grpc_layer().layer(service).oneshot(request(content_type)).await.unwrap();
    let _ = response.into_body().collect().await;
    assert_eq!((metrics.ended(), metrics.active()), (1, 0));
    page(&metrics).text
}

fn counted(page: &str, labels: &str) -> bool {
    let known = r#"rpc_system_name="grpc",rpc_method="pkg.Echo/Say""#;
    page.contains(&format!("{CALL}_count{{{known}{labels}}} 1\n"))
}

const OK: &str = r#",rpc_status_code="OK""#;
const UNKNOWN: &str = r#",rpc_status_code="UNKNOWN",error_type="UNKNOWN""#;

#[tokio::test]
async fn a_web_call_whose_trailer_frame_says_ok_is_a_success() {
    let body = ProbeBody::empty().data(&b"\x80\0\0\0\x0fgrpc-status:0\r\n"[..]);
    let page = served(WEB, &[], body).await;
    assert!(counted(&page, OK), "{page}");
}

#[tokio::test]
async fn a_trailer_frame_may_follow_messages_and_be_split_over_frames() {
    let body = ProbeBody::empty()
        .data(&b"\0\0\0\0\x02hi\x80\0"[..])
        .data(&b"\0\0\x1fgrpc-status:5\r\ngr"[..])
        .data(&b"pc-message:no\r\n"[..]);
    let page = served(WEB, &[], body).await;
    assert!(counted(&page, r#",rpc_status_code="NOT_FOUND""#), "{page}");
}

#[tokio::test]
async fn a_trailer_frame_in_base64_is_read() {
    // A message and the trailers, encoded apart.
    let body =
        ProbeBody::empty().data("AAAAAAJoaQ==").data("gAAAAA9ncnBjLXN0").data("YXR1czowDQo=");
    let page = served("application/grpc-web-text", &[], body).await;
    assert!(counted(&page, OK), "{page}");
}

#[tokio::test]
async fn a_web_call_without_a_trailer_frame_is_unknown() {
    let page = served(WEB, &[], ProbeBody::empty().data(&b"\0\0\0\0\x02hi"[..])).await;
    assert!(counted(&page, UNKNOWN), "{page}");
}

#[tokio::test]
async fn a_status_that_is_compressed_away_is_not_made_up() {
    let zipped = ProbeBody::empty().data(&b"\x1f\x8b\x08\0"[..]);
    let page = served(WEB, &[("content-encoding", "gzip")], zipped).await;
    assert!(counted(&page, ""), "{page}");
}

#[tokio::test]
async fn a_call_that_is_given_up_is_cancelled_by_its_status() {
    let cancelled = r#",rpc_status_code="CANCELLED",error_type="cancelled""#;
    for content_type in ["application/grpc", WEB] {
        let metrics = HttpMetrics::builder().grpc_methods("pkg.Echo", ["Say"]).build();
        drop(metrics.grpc_layer().layer(Probe::new()).call(request(content_type)));
        assert!(counted(&page(&metrics).text, cancelled), "{}", page(&metrics).text);

        let metrics = HttpMetrics::builder().grpc_methods("pkg.Echo", ["Say"]).build();
        let probe = Probe::new();
        let begun = ProbeBody::empty().data("half").wait(&Gate::new()).data("never").stream();
        probe.next(Reply::body(begun));
        let call = metrics.grpc_layer().layer(probe).oneshot(request(content_type));
        let mut response = call.await.unwrap();
        response.frame().await.unwrap().unwrap();
        drop(response);
        assert!(counted(&page(&metrics).text, cancelled), "{}", page(&metrics).text);
    }
}

#[tokio::test]
async fn a_call_that_a_timeout_of_ours_drops_has_no_status_of_its_own() {
    let metrics = HttpMetrics::builder().grpc_methods("pkg.Echo", ["Say"]).build();
    let mut request = request("application/grpc");
    let facts = RequestFacts::of_or_start(&mut request);
    let call = metrics.grpc_layer().layer(Probe::new()).call(request);
    facts.drop_for(DropReason::Timeout);
    drop(call);
    assert!(counted(&page(&metrics).text, r#",error_type="timeout""#), "{}", page(&metrics).text);
}

#[tokio::test]
async fn a_status_in_the_head_stands_when_the_rest_is_dropped() {
    let metrics = HttpMetrics::builder().grpc_methods("pkg.Echo", ["Say"]).build();
    let service = service_fn(async |_: Request<ProbeBody>| {
        let response = Response::builder().header("grpc-status", "5");
        let body = ProbeBody::empty().data("").stream();
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    drop(metrics.grpc_layer().layer(service).oneshot(request("application/grpc")).await.unwrap());
    let page = page(&metrics).text;
    assert!(counted(&page, r#",rpc_status_code="NOT_FOUND""#), "{page}");
}

/// Returns a function that serves a call of a path, whose trailers end it with `code`.
fn ending(code: &'static str) -> impl Fn(&HttpMetrics, &str) -> BoxFuture {
    move |metrics, path| {
        let service = service_fn(move |_: Request<ProbeBody>| {
            let trailers = [(HeaderName::from_static("grpc-status"), code.parse().unwrap())];
            let body = ProbeBody::empty().data("hi").trailers(trailers.into_iter().collect());
            std::future::ready(Ok::<_, Infallible>(Response::new(body.stream())))
        });
        let layer = metrics.grpc_layer();
        let mut request = request("application/grpc");
        *request.uri_mut() = path.parse().unwrap();
        Box::pin(async move {
            let response = layer.layer(service).oneshot(request).await.unwrap();
            let _ = response.into_body().collect().await;
        })
    }
}

type BoxFuture = std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// Returns the count of calls of `method` that ended with `labels`.
fn count(metrics: &HttpMetrics, method: &str, labels: &str) -> Option<u64> {
    let labels = format!(r#"rpc_system_name="grpc",rpc_method="{method}"{labels}"#);
    page(metrics).count((CALL, &labels))
}

const UNAUTHENTICATED: &str = r#",rpc_status_code="UNAUTHENTICATED""#;

#[tokio::test]
async fn a_method_has_its_name_from_its_first_call_that_ends_with_ok() {
    let metrics = HttpMetrics::new();
    let (ok, rejected) = (ending("0"), ending("16"));
    rejected(&metrics, "/pkg.Echo/Say").await;
    assert_eq!(count(&metrics, "_OTHER", UNAUTHENTICATED), Some(1), "{}", page(&metrics).text);
    ok(&metrics, "/pkg.Echo/Say").await;
    assert_eq!(count(&metrics, "pkg.Echo/Say", OK), Some(1), "{}", page(&metrics).text);
    rejected(&metrics, "/pkg.Echo/Say").await;
    assert_eq!(count(&metrics, "pkg.Echo/Say", UNAUTHENTICATED), Some(1));
    rejected(&metrics, "/pkg.Echo/Shout").await;
    assert_eq!(count(&metrics, "_OTHER", UNAUTHENTICATED), Some(2), "{}", page(&metrics).text);
}

#[tokio::test]
async fn a_call_that_began_before_its_method_had_a_name_ends_with_the_name() {
    let metrics = HttpMetrics::new();
    let gate = Gate::new();
    let probe = Probe::new();
    let trailers = [(HeaderName::from_static("grpc-status"), "16".parse().unwrap())];
    let body = ProbeBody::empty().wait(&gate).trailers(trailers.into_iter().collect());
    probe.next(Reply::body(body.stream()));
    let call = metrics.grpc_layer().layer(probe).oneshot(request("application/grpc"));
    let response = call.await.unwrap();
    ending("0")(&metrics, "/pkg.Echo/Say").await;
    gate.open();
    response.into_body().collect().await.unwrap();
    assert_eq!(count(&metrics, "pkg.Echo/Say", UNAUTHENTICATED), Some(1));
}

#[tokio::test]
async fn a_hundred_thousand_invented_methods_that_are_rejected_add_no_series() {
    let metrics = HttpMetrics::new();
    let rejected = ending("16");
    for n in 0..100_000 {
        rejected(&metrics, &format!("/invented.Service{n}/Method{n}")).await;
    }
    let page = page(&metrics).text;
    let calls = format!("{CALL}_count");
    assert_eq!(page.lines().filter(|line| line.starts_with(&calls)).count(), 1, "{page}");
    assert!(page.contains(r#"rpc_method="_OTHER",rpc_status_code="UNAUTHENTICATED"} 100000"#));
    assert!(!page.contains("invented") && !page.contains("otel_metric_overflow"), "{page}");
}

#[tokio::test]
async fn named_methods_are_capped_as_routes_are() {
    let metrics = HttpMetrics::builder().max_routes(2).build();
    let (ok, rejected) = (ending("0"), ending("16"));
    for method in ["A", "B", "C", "D", "A"] {
        ok(&metrics, &format!("/pkg.Echo/{method}")).await;
        rejected(&metrics, &format!("/pkg.Echo/{method}")).await;
    }
    let page = page(&metrics);
    assert_eq!(count(&metrics, "pkg.Echo/A", OK), Some(2), "{}", page.text);
    assert_eq!(count(&metrics, "pkg.Echo/B", OK), Some(1), "{}", page.text);
    assert_eq!(count(&metrics, "_OTHER", UNAUTHENTICATED), Some(2), "{}", page.text);
    assert_eq!(page.count((CALL, r#"otel_metric_overflow="true""#)), Some(2), "{}", page.text);
    let overflow = format!("battlement_metrics_overflow_total{{metric=\"{CALL}\"}} 2");
    assert!(page.text.contains(&overflow), "{}", page.text);
}

#[tokio::test]
async fn a_path_that_is_not_a_service_and_a_method_is_never_a_name() {
    let metrics = HttpMetrics::new();
    let long = format!("/pkg.Echo/{}", "a".repeat(256));
    let paths = ["/", "/pkg.Echo", "/pkg.Echo/", "//Say", "/a/b/c", "/pkg.Echo/Say/", &long];
    for path in paths {
        ending("0")(&metrics, path).await;
    }
    let other = u64::try_from(paths.len()).unwrap();
    assert_eq!(count(&metrics, "_OTHER", OK), Some(other), "{}", page(&metrics).text);
    ending("0")(&metrics, "/pkg.Echo/Say?token=secret").await;
    assert_eq!(count(&metrics, "pkg.Echo/Say", OK), Some(1));
    assert!(!page(&metrics).text.contains("secret"));
}

#[tokio::test]
async fn a_web_call_that_ends_with_ok_names_its_method() {
    let metrics = HttpMetrics::new();
    let service = service_fn(async |_: Request<ProbeBody>| {
        let body = ProbeBody::empty().data(&b"\x80\0\0\0\x0fgrpc-status:0\r\n"[..]);
        let response = Response::builder().header("content-type", WEB);
        Ok::<_, Infallible>(response.body(body.stream()).unwrap())
    });
    let response = metrics.grpc_layer().layer(service).oneshot(request(WEB)).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!(count(&metrics, "pkg.Echo/Say", OK), Some(1), "{}", page(&metrics).text);
}

#[tokio::test]
async fn a_client_s_method_has_its_name_from_its_first_call_that_ends_with_ok() {
    let metrics = HttpMetrics::new();
    for code in ["5", "0", "5"] {
        let service = service_fn(move |_: Request<ProbeBody>| {
            let response = Response::builder().header("grpc-status", code);
            std::future::ready(Ok::<_, Infallible>(response.body(ProbeBody::empty()).unwrap()))
        });
        let layer = metrics.grpc_client_layer("echo");
        let response = layer.layer(service).oneshot(request("application/grpc")).await.unwrap();
        response.into_body().collect().await.unwrap();
    }
    let not_found = r#"rpc_status_code="NOT_FOUND",error_type="NOT_FOUND""#;
    let page = page(&metrics);
    for (method, status) in [
        ("_OTHER", not_found),
        ("pkg.Echo/Say", r#"rpc_status_code="OK""#),
        ("pkg.Echo/Say", not_found),
    ] {
        let labels = format!(
            r#"rpc_system_name="grpc",rpc_method="{method}",server_address="echo",{status}"#
        );
        let name = "rpc_client_call_duration_seconds";
        assert_eq!(page.count((name, &labels)), Some(1), "{}", page.text);
    }
}

#[tokio::test]
async fn the_series_of_configured_methods_are_created_at_0_for_a_server_alone() {
    let build = || {
        let builder = HttpMetrics::builder().grpc_methods("pkg.Echo", ["Say"]);
        builder.grpc_streams("pkg.Echo", ["Repeat"]).time_to_first_byte(true).build()
    };
    let client = build();
    let _layer = client.grpc_client_layer("echo");
    assert!(!page(&client).text.contains("rpc_"), "{}", page(&client).text);

    let metrics = build();
    let _layer = metrics.grpc_layer();
    let page = page(&metrics);
    for (name, method) in [
        (CALL, "Say"),
        ("rpc_server_stream_duration_seconds", "Repeat"),
        ("rpc_server_time_to_first_byte_seconds", "Say"),
        ("rpc_server_time_to_first_byte_seconds", "Repeat"),
    ] {
        for status in
            [r#"rpc_status_code="OK""#, r#"rpc_status_code="INTERNAL",error_type="INTERNAL""#]
        {
            let labels =
                format!(r#"rpc_system_name="grpc",rpc_method="pkg.Echo/{method}",{status}"#);
            assert_eq!(page.count((name, &labels)), Some(0), "{name} {labels} in {}", page.text);
        }
    }
    assert_eq!(metrics.ended(), 0);
}

#[tokio::test]
async fn the_query_of_a_call_is_not_in_debug_output() {
    let service = service_fn(|_: Request<ProbeBody>| {
        std::future::ready(Ok::<_, Infallible>(Response::new(ProbeBody::empty())))
    });
    let request =
        Request::post("/pkg.Echo/Say?token=hunter2").header("content-type", "application/grpc");
    let mut service = HttpMetrics::new().grpc_layer().layer(service);
    let future = service.call(request.body(ProbeBody::empty()).unwrap());
    let shown = format!("{future:?}");
    assert!(shown.contains("Ticket"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
