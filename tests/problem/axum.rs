//! Errors that axum itself responds with.

use axum::{Json, Router, extract::DefaultBodyLimit, routing::post};
use battlement::{
    problem::{Problem, ProblemLayer},
    request_id::RequestIdLayer,
};
use battlement_testkit::{
    client::{Collected, Http1},
    server::Server,
};
use bytes::Bytes;
use http::{Method, Request, header::CONTENT_TYPE};
use http_body_util::Full;
use serde_json::Value;

async fn place(
    order: Result<Json<Vec<u8>>, axum::extract::rejection::JsonRejection>,
) -> Result<(), Problem> {
    let _order = order?;
    Ok(())
}

async fn reject(Json(_): Json<Vec<u8>>) {}

async fn server() -> Server {
    let router = Router::new()
        .route("/place", post(place))
        .route("/left", post(reject))
        .layer(DefaultBodyLimit::max(64))
        .layer(ProblemLayer::new())
        .layer(RequestIdLayer::new());
    Server::axum(router).await.unwrap()
}

#[tokio::test]
async fn rejections_of_extractors_and_router_are_problems_with_the_id() {
    let server = server().await;
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let large = "1,".repeat(64);
    for (method, path, content_type, body, status) in [
        (Method::POST, "place", "application/json", "[1, ", 400),
        (Method::POST, "place", "application/json", "[1, \"two\"]", 422),
        (Method::POST, "place", "text/plain", "[]", 415),
        (Method::POST, "place", "application/json", large.as_str(), 413),
        (Method::POST, "left", "application/json", "[1, ", 400),
        (Method::POST, "left", "application/json", "[1, \"two\"]", 422),
        (Method::POST, "left", "text/plain", "[]", 415),
        (Method::POST, "left", "application/json", large.as_str(), 413),
        (Method::PUT, "place", "application/json", "", 405),
        (Method::GET, "nowhere", "application/json", "", 404),
    ] {
        let request = Request::builder().method(method).uri(format!("/{path}"));
        let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
        let request = request.header(CONTENT_TYPE, content_type).body(body).unwrap();
        let answer = Collected::of(client.send(request).await.unwrap()).await.unwrap();
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"));
        assert_eq!(answer.header("allow"), (status == 405).then_some("POST"));
        let is_field = status == 422 && path == "place";
        assert_eq!(problem["errors"][0]["pointer"].as_str(), is_field.then_some("/1"));
    }
}
