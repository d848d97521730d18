//! Tests of the axum server.

use std::net::SocketAddr;

use axum::{Router, extract::ConnectInfo, routing::get};
use battlement_testkit::{
    client::{Http1, Http2, Raw},
    server::Server,
};

fn router() -> Router {
    Router::new()
        .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
}

#[tokio::test]
async fn a_router_serves_both_protocols_and_sees_the_peer_address() {
    let server = Server::axum(router()).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    assert_eq!(client.get("/").await.unwrap().text(), "127.0.0.1");
    let mut client = Http2::connect(server.addr()).await.unwrap();
    assert_eq!(client.get("/").await.unwrap().text(), "127.0.0.1");
    assert_eq!(client.get("/nowhere").await.unwrap().status, 404);
}

#[tokio::test]
async fn a_stopped_server_has_released_its_port() {
    let server = Server::axum(router()).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    client.get("/").await.unwrap();
    let addr = server.addr();
    server.stop().await;
    Raw::connect(addr).await.unwrap_err();
    client.get("/").await.unwrap_err();
}
