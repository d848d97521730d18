//! The statuses of gRPC.

use std::convert::Infallible;

use crate::log::{Log, send};
use battlement_access_log::AccessLogLayer;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Empty, StreamBody};
use tower::{Layer, ServiceExt, service_fn};

type Nothing = Empty<Bytes>;

fn call() -> Request<Nothing> {
    let request = Request::post("/pkg.Shop/Buy").header("content-type", "application/grpc");
    request.body(Empty::new()).unwrap()
}

/// Records a gRPC call whose body ends with `trailers`, and returns the record.
async fn grpc(trailers: Option<HeaderMap>) -> serde_json::Value {
    let (log, _guard) = Log::start();
    let mut trailers = Some(trailers);
    let service = service_fn(move |_: Request<Nothing>| {
        let frames = trailers
            .take()
            .unwrap()
            .map(|trailers| Ok::<_, Infallible>(http_body::Frame::<Bytes>::trailers(trailers)));
        let body = StreamBody::new(tokio_stream::iter(frames));
        let response = Response::builder().header("content-type", "application/grpc").body(body);
        std::future::ready(Ok::<_, Infallible>(response.unwrap()))
    });
    let response = AccessLogLayer::new().layer(service).oneshot(call()).await.unwrap();
    drop(response.into_body().collect().await.unwrap());
    log.record()
}

#[tokio::test]
async fn the_status_of_grpc_is_read_from_the_trailers_and_a_missing_one_is_a_failure() {
    let status = |code: &str| {
        HeaderMap::from_iter([("grpc-status".parse().unwrap(), code.parse().unwrap())])
    };
    for (trailers, outcome, code, level) in [
        (Some(status("0")), "ok", "OK", "INFO"),
        (Some(status("5")), "client_error", "NOT_FOUND", "INFO"),
        (Some(status("14")), "UNAVAILABLE", "UNAVAILABLE", "ERROR"),
        (Some(HeaderMap::new()), "UNKNOWN", "UNKNOWN", "ERROR"),
        (None, "UNKNOWN", "UNKNOWN", "ERROR"),
    ] {
        let record = grpc(trailers).await;
        assert_eq!(record["outcome"], outcome);
        assert_eq!(record["rpc.method"], "pkg.Shop/Buy");
        assert_eq!(record["rpc.status_code"], code);
        assert_eq!(record["level"], level);
        assert_eq!(record["http.response.status_code"], 200);
    }
}

#[tokio::test]
async fn only_a_grpc_call_whose_path_has_a_service_and_a_method_has_a_method() {
    for (path, content_type, method) in [
        ("/pkg.Shop/Buy", "application/grpc", Some("pkg.Shop/Buy")),
        ("/pkg.Shop/Buy", "application/grpc-web+proto", Some("pkg.Shop/Buy")),
        ("/pkg.Shop/B\\uy", "application/grpc", Some("pkg.Shop/B\\u{5c}uy")),
        ("/buy", "application/grpc", None),
        ("/pkg.Shop/Buy", "application/json", None),
    ] {
        let (log, _guard) = Log::start();
        let request = Request::post(path).header("content-type", content_type);
        let response = Response::new(Empty::<Bytes>::new());
        send(&AccessLogLayer::new(), request.body(Empty::new()).unwrap(), response).await;
        assert_eq!(log.record()["rpc.method"].as_str(), method, "{path} {content_type}");
    }
}
