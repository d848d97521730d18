//! The layer outside every layer that responds, under each server.

use axum::{Router, extract::DefaultBodyLimit, routing::any};
use battlement::{problem::ProblemLayer, security_headers::SecurityHeadersLayer};
use battlement_testkit::{
    client::{Collected, Http1, Http2},
    server::{Protocol, Server},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tower::{BoxError, Layer, ServiceBuilder, service_fn};

use crate::answers::{PATHS, check, serve};

async fn hyper() -> Server {
    let layers =
        ServiceBuilder::new().layer(SecurityHeadersLayer::helmet()).layer(ProblemLayer::new());
    let service = layers.service(service_fn(serve::<Incoming>));
    Server::hyper(Protocol::Auto, move |_| service.clone()).await.unwrap()
}

/// Starts a server whose 404 comes from the router, and whose 413 comes from the extractor.
async fn axum() -> Server {
    let by_path = async |request: axum::extract::Request| {
        serve(request).await.unwrap_or_else(|error| panic!("{error}"))
    };
    let mut router = Router::new().route("/too-large", any(async |_: Bytes| "small enough"));
    for (path, status) in PATHS {
        if ![404, 413].contains(&status) {
            router = router.route(path, any(by_path));
        }
    }
    let router = router
        .layer(DefaultBodyLimit::max(16))
        .layer(ProblemLayer::new())
        .layer(SecurityHeadersLayer::helmet());
    Server::axum(router).await.unwrap()
}

fn post(path: &str) -> Request<Full<Bytes>> {
    Request::post(path).body(Full::from("more than sixteen bytes")).unwrap()
}

#[tokio::test]
async fn every_response_has_each_header_once_over_http_1() -> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        let mut client = Http1::connect(server.addr()).await?;
        for (path, status) in PATHS {
            let answer = Collected::of(client.send(post(path)).await?).await?;
            check(path, status, &answer);
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_response_has_each_header_once_over_http_2() -> Result<(), BoxError> {
    for server in [hyper().await, axum().await] {
        let mut client = Http2::connect(server.addr()).await?;
        for (path, status) in PATHS {
            let answer = Collected::of(client.send(post(path)).await?).await?;
            check(path, status, &answer);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_layer_of_a_route_inside_that_of_the_router_sends_no_header_twice() -> Result<(), BoxError>
{
    let strict = any(async || "data").layer(SecurityHeadersLayer::api());
    let router = Router::new()
        .route("/data", strict)
        .route("/page", any(async || "page"))
        .layer(SecurityHeadersLayer::helmet());
    let server = Server::axum(router).await?;
    let mut client = Http1::connect(server.addr()).await?;
    let data = client.get("/data").await?;
    assert!(data.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(data.header("x-frame-options"), Some("DENY"));
    assert_eq!(data.header("cache-control"), Some("no-store"));
    assert_eq!(data.header("x-xss-protection"), Some("0"), "what the inner one has not is added");
    assert_eq!(client.get("/page").await?.header("x-frame-options"), Some("SAMEORIGIN"));
    Ok(())
}

#[tokio::test]
async fn responses_to_head_and_not_modified_have_the_headers_too() -> Result<(), BoxError> {
    let service = SecurityHeadersLayer::helmet().layer(service_fn(async |_: Request<Incoming>| {
        let unchanged = Response::builder().status(StatusCode::NOT_MODIFIED);
        unchanged.body(Full::<Bytes>::default())
    }));
    let server = Server::http1(service).await?;
    let mut client = Http1::connect(server.addr()).await?;
    let head = Request::head("/").body(Full::<Bytes>::default())?;
    for answer in [Collected::of(client.send(head).await?).await?, client.get("/").await?] {
        check("/", 304, &answer);
    }
    Ok(())
}
