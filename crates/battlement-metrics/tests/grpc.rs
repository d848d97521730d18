//! Metrics of gRPC calls in every framing.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use battlement_core::{DropReason, RequestFacts};
use battlement_metrics::HttpMetrics;
use battlement_testkit::probe::{Gate, Probe, ProbeBody, Reply};
use http::{Request, Response};
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
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
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
    assert!(counted(&page, OK) && !page.contains("error_type"), "{page}");
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
        Ok::<_, std::convert::Infallible>(response.body(body).unwrap())
    });
    drop(metrics.grpc_layer().layer(service).oneshot(request("application/grpc")).await.unwrap());
    let page = page(&metrics).text;
    assert!(counted(&page, r#",rpc_status_code="NOT_FOUND""#), "{page}");
}
