//! Tests of the tonic server and the echo service.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_testkit::{
    client::Raw,
    echo::{EchoClient, EchoServer, Words},
    server::Server,
};
use tonic::{
    Code, Request,
    service::Routes,
    transport::{Channel, Server as Tonic, server::TcpConnectInfo},
};
use tower::util::MapRequestLayer;

async fn serve() -> (Server, EchoClient<Channel>) {
    let server = Server::tonic(Tonic::builder().add_service(EchoServer)).await.unwrap();
    let client = connect(&server).await;
    (server, client)
}

async fn connect(server: &Server) -> EchoClient<Channel> {
    let channel = Channel::from_shared(server.url("")).unwrap();
    EchoClient::new(channel.connect().await.unwrap())
}

fn with_metadata(words: Words) -> Request<Words> {
    let mut request = Request::new(words);
    let metadata = request.metadata_mut();
    metadata.insert("x-mine", "kept".parse().unwrap());
    metadata.insert("not-mine", "dropped".parse().unwrap());
    request
}

#[tokio::test]
async fn say_echoes_the_text_and_the_metadata() {
    let (_server, mut client) = serve().await;
    let response = client.say(with_metadata(Words::new("hello"))).await.unwrap();
    assert_eq!(response.metadata().get("x-mine").unwrap(), "kept");
    assert_eq!(response.metadata().get("not-mine"), None);
    assert_eq!(response.into_inner().text, "hello");
}

#[tokio::test]
async fn say_fails_with_the_requested_status() {
    let (_server, mut client) = serve().await;
    let code = Code::ResourceExhausted as i32;
    let words = Words { code, ..Words::new("enough") };
    let status = client.say(with_metadata(words)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.message(), "enough");
    assert_eq!(status.metadata().get("x-mine").unwrap(), "kept");
}

#[tokio::test]
async fn repeat_streams_the_text_and_ends_with_the_requested_status() {
    let (_server, mut client) = serve().await;
    let (times, code) = (3, Code::Aborted as i32);
    let words = Words { times, code, ..Words::new("again") };
    let mut stream = client.repeat(words).await.unwrap().into_inner();
    for _ in 0..times {
        assert_eq!(stream.message().await.unwrap().unwrap().text, "again");
    }
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Aborted);
}

#[tokio::test]
async fn a_layer_sees_every_call_and_the_peer_address() {
    let layer = MapRequestLayer::new(|mut request: http::Request<tonic::body::Body>| {
        let peer = request.extensions().get::<TcpConnectInfo>().unwrap().remote_addr();
        let ip = peer.unwrap().ip().to_string().parse().unwrap();
        request.headers_mut().insert("x-peer", ip);
        request
    });
    let router = Tonic::builder().layer(layer).add_service(EchoServer);
    let server = Server::tonic(router).await.unwrap();
    let response = connect(&server).await.say(Words::new("hello")).await.unwrap();
    assert_eq!(response.metadata().get("x-peer").unwrap(), "127.0.0.1");
}

#[tokio::test]
async fn routes_can_be_served_by_plain_hyper() {
    let server = Server::http2(Routes::new(EchoServer).prepare()).await.unwrap();
    let response = connect(&server).await.say(Words::new("hello")).await.unwrap();
    assert_eq!(response.into_inner().text, "hello");
}

#[tokio::test]
async fn a_stopped_server_has_released_its_port() {
    let (server, mut client) = serve().await;
    client.say(Words::new("hello")).await.unwrap();
    let addr = server.addr();
    server.stop().await;
    Raw::connect(addr).await.unwrap_err();
}
