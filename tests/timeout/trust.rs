//! The header of a peer that is not trusted has no effect.

use axum::{Router, routing::get};
use battlement::{
    client_ip::ClientIpLayer,
    timeout::{DeadlineLayer, TimeoutHeader},
};
use battlement_testkit::{
    client::{Collected, Http1},
    server::Server,
};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::Empty;
use tower::ServiceBuilder;

use crate::page::ms;

const HEADER: &str = "x-request-timeout-ms";

/// Works for 40 ms, and returns whether the header has reached the handler.
async fn work(headers: HeaderMap) -> String {
    tokio::time::sleep(ms(40)).await;
    headers.contains_key(HEADER).to_string()
}

/// Sends a request that states one millisecond to a server with this layer.
async fn answer(deadline: DeadlineLayer) -> Collected {
    let layers = ServiceBuilder::new().layer(ClientIpLayer::new()).layer(deadline);
    let router = Router::new().route("/", get(work)).layer(layers);
    let server = Server::axum(router).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let request = Request::get("/").header(HEADER, "1").body(Empty::<Bytes>::new()).unwrap();
    Collected::of(client.send(request).await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_client_without_trust_that_states_one_millisecond_gets_its_normal_answer() {
    let response = answer(DeadlineLayer::new().header(TimeoutHeader::default())).await;
    assert_eq!((response.status.as_u16(), response.text().as_str()), (200, "false"));
}

#[tokio::test]
async fn a_trusted_client_that_states_one_millisecond_gets_504() {
    let deadline = DeadlineLayer::new().header(TimeoutHeader::default());
    let response = answer(deadline.trust_peers(["127.0.0.1/32".parse().unwrap()])).await;
    assert_eq!(response.status, 504, "{}", response.text());
}
