//! The extensions of requests, and what a request does to its connection.

use battlement_core::{Peer, PeerAddr};
use battlement_serve::{Limits, Listener};
use battlement_testkit::client::{Http1, Http2, Raw};
use http::{Request, Response};
use hyper::body::Incoming;
use tower::service_fn;

use crate::start;

async fn peer(request: Request<Incoming>) -> Result<Response<String>, std::convert::Infallible> {
    let peer = Peer::in_extensions(request.extensions());
    assert_eq!(
        peer.and_then(Peer::addr),
        request.extensions().get::<PeerAddr>().map(|addr| addr.0)
    );
    Ok(Response::new(format!("{peer:?}")))
}

#[tokio::test]
async fn each_request_carries_the_address_of_its_peer() {
    let addr = start(Limits::new(), service_fn(peer)).await;
    let (mut http1, mut http2) =
        (Http1::connect(addr).await.unwrap(), Http2::connect(addr).await.unwrap());
    for _ in 0..2 {
        assert!(http1.get("/").await.unwrap().text().starts_with("Some(Addr(127.0.0.1:"));
        assert!(http2.get("/").await.unwrap().text().starts_with("Some(Addr(127.0.0.1:"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_over_a_unix_socket_is_marked() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let path = std::env::temp_dir().join(format!("battlement-serve-{}.sock", std::process::id()));
    let listener = Listener::unix(&path).bind().unwrap();
    tokio::spawn(battlement_serve::serve(listener, service_fn(peer)));
    let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("Some(Unix)"), "{answer}");
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_peer_is_also_the_connect_info_of_axum() {
    use std::net::SocketAddr;

    use axum::{Router, extract::ConnectInfo, routing::get};

    let client = async |ConnectInfo(client): ConnectInfo<SocketAddr>| client.ip().to_string();
    let listener = Listener::tcp("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(battlement_serve::serve(listener, Router::new().route("/", get(client))));
    assert_eq!(Http1::connect(addr).await.unwrap().get("/").await.unwrap().text(), "127.0.0.1");
    assert_eq!(Http2::connect(addr).await.unwrap().get("/").await.unwrap().text(), "127.0.0.1");
}

async fn panics(request: Request<Incoming>) -> Result<Response<String>, std::convert::Infallible> {
    assert_ne!(request.uri().path(), "/panic", "a panic of this test");
    Ok(Response::new("hello".into()))
}

#[tokio::test]
async fn a_panic_in_the_service_ends_only_its_connection_over_http1() {
    let addr = start(Limits::new(), service_fn(panics)).await;
    let mut other = Http1::connect(addr).await.unwrap();
    assert_eq!(other.get("/").await.unwrap().status, 200);
    let answer = Raw::exchange(addr, "GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert_eq!(answer, b"");
    assert_eq!(other.get("/").await.unwrap().status, 200);
}

#[tokio::test]
async fn a_panic_in_the_future_of_the_service_ends_only_its_request_over_http2() {
    let addr = start(Limits::new(), service_fn(panics)).await;
    let mut client = Http2::connect(addr).await.unwrap();
    assert_eq!(client.get("/").await.unwrap().status, 200);
    assert!(client.get("/panic").await.is_err());
    assert_eq!(client.get("/").await.unwrap().status, 200);
}
