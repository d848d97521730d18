//! Requests of other sites' pages are rejected, logged only, or allowed where they are exempt.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{Rejection, RejectionKind};
use battlement_security_headers::{FetchMetadataLayer, FetchSite};
use battlement_testkit::contract::{Contract, Local};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Full};
use tower::{Layer, ServiceExt, service_fn};
use tracing::{Subscriber, instrument::WithSubscriber};

fn from_another_site(path: &str) -> Request<()> {
    Request::get(path)
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "no-cors")
        .header("sec-fetch-dest", "image")
        .body(())
        .unwrap()
}

async fn answer(layer: &FetchMetadataLayer, request: Request<()>) -> Response<Bytes> {
    let service = layer.layer(service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("served")))
    }));
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

#[tokio::test]
async fn a_page_of_another_site_gets_a_403_that_says_so() {
    let response = answer(&FetchMetadataLayer::new(), from_another_site("/orders")).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let rejection = response.extensions().get::<Rejection>().unwrap();
    assert_eq!(rejection.kind(), RejectionKind::Forbidden);
    let problem: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(problem["detail"], "pages of other sites must not send this request");
}

#[tokio::test]
async fn a_grpc_caller_gets_a_status_that_says_so() {
    let mut request = from_another_site("/inventory.v1.Inventory/Get");
    *request.method_mut() = Method::POST;
    request.headers_mut().insert("content-type", "application/grpc-web".parse().unwrap());
    let response = answer(&FetchMetadataLayer::new(), request).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["grpc-status"]),
        (200, &"7".parse().unwrap())
    );
}

#[tokio::test]
async fn requests_of_other_clients_are_allowed() {
    let request = Request::post("/orders").body(()).unwrap();
    assert_eq!(FetchSite::of(request.headers()), None);
    assert_eq!(answer(&FetchMetadataLayer::new(), request).await.body(), "served");
}

#[tokio::test]
async fn report_only_lets_everything_pass() {
    let layer = FetchMetadataLayer::new().report_only(true);
    assert_eq!(answer(&layer, from_another_site("/orders")).await.body(), "served");
    let layer = FetchMetadataLayer::new().enabled(false);
    assert_eq!(answer(&layer, from_another_site("/orders")).await.body(), "served");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn subscriber(&self) -> impl Subscriber + Send + Sync + 'static + use<> {
        let log = self.clone();
        tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn report_only_logs_what_it_would_refuse_and_nothing_else() {
    let log = Log::default();
    let layer = FetchMetadataLayer::new().report_only(true);
    async {
        answer(&layer, from_another_site("/orders")).await;
        answer(&layer, Request::get("/products").body(()).unwrap()).await;
    }
    .with_subscriber(log.subscriber())
    .await;
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("WARN") && text.contains("path=\"/orders\""), "{text}");
}

#[tokio::test(start_paused = true)]
async fn report_only_logs_one_request_a_minute_and_the_number_of_the_others() {
    let log = Log::default();
    let layer = FetchMetadataLayer::new().report_only(true);
    let stranger_s_page = async {
        for minute in 0..2 {
            for _ in 0..100 {
                assert_eq!(answer(&layer, from_another_site("/orders")).await.body(), "served");
            }
            assert_eq!(log.text().lines().count(), minute + 1, "{}", log.text());
            tokio::time::advance(Duration::from_secs(60)).await;
        }
    };
    stranger_s_page.with_subscriber(log.subscriber()).await;
    let text = log.text();
    let numbers: Vec<_> =
        text.lines().filter_map(|line| line.split("suppressed=").nth(1)).collect();
    assert_eq!(numbers, ["0", "99"], "{text}");
}

#[tokio::test]
async fn a_request_with_two_lines_of_its_site_is_one_from_another_site() {
    let mut request = Request::post("/orders").body(()).unwrap();
    for _ in 0..2 {
        request.headers_mut().append("sec-fetch-site", "same-origin".parse().unwrap());
    }
    assert_eq!(FetchSite::of(request.headers()), Some(FetchSite::CrossSite));
    assert_eq!(answer(&FetchMetadataLayer::new(), request).await.status(), 403);
}

#[test]
fn an_exempt_path_that_no_request_has_is_refused_by_name() {
    for path in ["fonts/", "*", "/fonts/*", "/fonts/{name}", "/a?x", "/a#x", "", "/a b", "/a/../b/"]
    {
        let new = FetchMetadataLayer::new();
        let error = new.clone().try_exempt_paths(["/", path]).unwrap_err().to_string();
        let named = format!("exemptPaths[1]: {path:?}: must ");
        assert!(error.contains(&named), "{named} is not in {error}");
        let set = || drop(new.exempt_paths([path]));
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(set)).unwrap_err();
        assert!(panic.downcast_ref::<String>().unwrap().contains("exemptPaths[0]"), "{path}");
    }
}

#[tokio::test]
async fn exempted_paths_and_routes_pass_and_their_neighbours_do_not() {
    let layer = FetchMetadataLayer::new()
        .exempt_paths(["/fonts/", "/logo.svg"])
        .exempt(|parts| parts.uri.path() == "/embed");
    for path in ["/fonts/a.woff2", "/logo.svg", "/embed"] {
        assert_eq!(answer(&layer, from_another_site(path)).await.status(), 200, "{path}");
    }
    for path in [
        "/fonts",
        "/fontsy/a",
        "/logo.svg/b",
        "/embedded",
        "/",
        "/fonts/../orders",
        "/fonts/%2E%2e/orders",
    ] {
        assert_eq!(answer(&layer, from_another_site(path)).await.status(), 403, "{path}");
    }
}

#[tokio::test]
async fn the_layer_upholds_the_contract() {
    Contract::new(FetchMetadataLayer::new).run().await;
    Contract::new(|| FetchMetadataLayer::new().enabled(false)).run().await;
    let local = Local::new();
    local.serve(FetchMetadataLayer::new().layer(local.service())).await.unwrap();
    assert_eq!(local.calls(), 1);
}

#[test]
fn the_service_gives_back_what_it_is_around() {
    let mut service = FetchMetadataLayer::new().layer(String::from("inner"));
    service.get_mut().push('!');
    assert_eq!(service.get_ref(), "inner!");
    assert_eq!(service.into_inner(), "inner!");
}
