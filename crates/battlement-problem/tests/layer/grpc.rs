//! gRPC calls to paths without a route.

use std::convert::Infallible;

use battlement_core::GrpcCode;
use battlement_problem::{Problem, ProblemLayer};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;

use crate::exchange::{Answer, answer, ask};

async fn call(
    handler: impl AsyncFn(Request<()>) -> Result<Response<Full<Bytes>>, Infallible>,
) -> Answer {
    let request = Request::builder().method(Method::POST).uri("/shop.Orders/Place");
    let request = request.header(CONTENT_TYPE, "application/grpc+proto").body(()).unwrap();
    ask(ProblemLayer::new(), request, handler).await
}

fn is(answer: &Answer, code: GrpcCode) {
    let status = answer.header("grpc-status").map(ToOwned::to_owned);
    assert_eq!(status.as_deref(), Some((code as u8).to_string().as_str()));
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_grpc_path_without_a_route_is_unimplemented() {
    for status in [404, 405] {
        let router = async |_| answer(Response::builder().status(status).body("").unwrap());
        is(&call(router).await, GrpcCode::Unimplemented);
    }
}

#[tokio::test]
async fn a_404_that_a_handler_wrote_a_body_for_stays_not_found() {
    let with_text =
        async |_| answer(Response::builder().status(404).body("no such order").unwrap());
    let found = call(with_text).await;
    is(&found, GrpcCode::NotFound);
    assert_eq!(found.header("grpc-message"), Some("no such order"));

    let typed = Response::builder().status(404).header(CONTENT_TYPE, "text/plain");
    let with_type = typed.body("").unwrap();
    is(&call(async |_| answer(with_type.clone())).await, GrpcCode::NotFound);
}

#[tokio::test]
async fn a_404_that_a_handler_made_a_problem_of_stays_not_found() {
    let bare = async |_| Ok(Problem::of_status(StatusCode::NOT_FOUND).response());
    is(&call(bare).await, GrpcCode::NotFound);
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_fallbacks_for_a_router_are_unimplemented_too() {
    let fallback = async |_| Ok(battlement_problem::not_found().await.response());
    is(&call(fallback).await, GrpcCode::Unimplemented);
    let fallback = async |_| Ok(battlement_problem::method_not_allowed().await.response());
    is(&call(fallback).await, GrpcCode::Unimplemented);
}
