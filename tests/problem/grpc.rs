//! gRPC calls to paths without a route in axum.

use axum::{Router, routing::post};
use battlement::problem::{Problem, ProblemLayer, not_found};
use battlement_testkit::{
    echo::{EchoClient, Words},
    server::Server,
};
use http::StatusCode;
use tonic::{Code, transport::Endpoint};

const SAY: &str = "/battlement.testkit.Echo/Say";

async fn code_from(router: Router) -> Code {
    let server = Server::axum(router.layer(ProblemLayer::new())).await.unwrap();
    let channel = Endpoint::from_shared(server.url("")).unwrap().connect().await.unwrap();
    EchoClient::new(channel).say(Words::default()).await.unwrap_err().code()
}

#[tokio::test]
async fn a_grpc_call_of_a_path_without_a_route_is_unimplemented() {
    assert_eq!(code_from(Router::new()).await, Code::Unimplemented);
    assert_eq!(code_from(Router::new().fallback(not_found)).await, Code::Unimplemented);
}

#[tokio::test]
async fn a_grpc_call_of_a_path_with_another_method_is_unimplemented() {
    let router = Router::new().route(SAY, axum::routing::get(async || "read"));
    assert_eq!(code_from(router).await, Code::Unimplemented);
}

#[tokio::test]
async fn a_404_of_a_handler_is_not_found_for_a_grpc_client() {
    let problem = async || Problem::new(StatusCode::NOT_FOUND, "no_order");
    assert_eq!(code_from(Router::new().route(SAY, post(problem))).await, Code::NotFound);
    let text = async || (StatusCode::NOT_FOUND, "no such order");
    assert_eq!(code_from(Router::new().route(SAY, post(text))).await, Code::NotFound);
}
