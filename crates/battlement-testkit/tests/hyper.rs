//! Tests of the hyper servers with the clients.

use std::{net::SocketAddr, time::Duration};

use battlement_core::PeerAddr;
use battlement_testkit::{
    client::{Collected, Http1, Http2, Raw},
    eventually,
    probe::{Gate, Probe, ProbeBody, Reply, RequestBody},
    server::{Protocol, Server},
};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use http_body_util::BodyExt as _;

const DEADLINE: Duration = Duration::from_secs(10);

fn trailers() -> HeaderMap {
    let name = HeaderName::from_static("x-checksum");
    HeaderMap::from_iter([(name, HeaderValue::from_static("1"))])
}

/// Returns a probe that replies with `text` and trailers.
fn replying(text: &'static str) -> Probe {
    let probe = Probe::new();
    let body = ProbeBody::from(text).trailers(trailers()).stream();
    probe.always(Reply::body(body));
    probe
}

#[tokio::test]
async fn an_http1_server_answers_an_http1_client() {
    let probe = replying("hello");
    let server = Server::http1(probe.clone()).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    for _ in 0..2 {
        let response = client.get("/where?now").await.unwrap();
        assert_eq!(response.status, StatusCode::OK);
        assert_eq!(response.text(), "hello");
    }
    let parts = &probe.received()[1].parts;
    assert_eq!(parts.uri, "/where?now");
    assert_eq!(parts.version, Version::HTTP_11);
    assert_eq!(parts.headers["host"], server.addr().to_string());
}

#[tokio::test]
async fn an_http2_server_answers_an_http2_client_with_trailers() {
    let probe = replying("hello");
    let server = Server::http2(probe.clone()).await.unwrap();
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let response = client.get("/where?now").await.unwrap();
    assert_eq!(response.text(), "hello");
    assert_eq!(response.trailers, Some(trailers()));
    assert_eq!(probe.received()[0].parts.uri, *server.url("/where?now"));
    assert_eq!(probe.received()[0].parts.version, Version::HTTP_2);
}

#[tokio::test]
async fn an_http1_server_rejects_http2() {
    let server = Server::http1(Probe::new()).await.unwrap();
    let rejected = async { Http2::connect(server.addr()).await?.get("/").await };
    rejected.await.unwrap_err();
}

#[tokio::test]
async fn an_auto_server_serves_both_protocols_with_a_service_per_connection() {
    let peers = std::sync::Mutex::new(Vec::new());
    let make = move |peer: SocketAddr| {
        peers.lock().unwrap().push(peer);
        let probe = Probe::new();
        let nth = HeaderValue::from(peers.lock().unwrap().len());
        let response = http::Response::builder().header("x-connection", nth);
        probe.always(Reply::respond(response.body(ProbeBody::empty()).unwrap()));
        probe
    };
    let server = Server::hyper(Protocol::Auto, make).await.unwrap();
    let mut first = Http1::connect(server.addr()).await.unwrap();
    let mut second = Http2::connect(server.addr()).await.unwrap();
    assert_eq!(first.get("/").await.unwrap().header("x-connection"), Some("1"));
    assert_eq!(second.get("/").await.unwrap().header("x-connection"), Some("2"));
}

#[tokio::test]
async fn a_handler_sees_the_peer_address() {
    let probe = Probe::new();
    let server = Server::http1(probe.clone()).await.unwrap();
    Http1::connect(server.addr()).await.unwrap().get("/").await.unwrap();
    let received = probe.received();
    let peer = received[0].parts.extensions.get::<PeerAddr>().unwrap().0;
    assert!(peer.ip().is_loopback());
    assert_ne!(peer, server.addr());
}

#[tokio::test]
async fn clones_of_an_http2_client_send_concurrently() {
    let probe = Probe::new();
    let gate = Gate::new();
    probe.always(Reply::default().when(&gate));
    let server = Server::http2(probe.clone()).await.unwrap();
    let client = Http2::connect(server.addr()).await.unwrap();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let mut client = client.clone();
            tokio::spawn(async move { client.get("/").await.unwrap().status })
        })
        .collect();
    assert!(eventually(DEADLINE, || probe.counts().in_flight == 10).await);
    gate.open();
    for call in calls {
        assert_eq!(call.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(probe.counts().peak, 10);
}

#[tokio::test]
async fn a_request_body_and_its_trailers_reach_the_service() {
    let probe = Probe::new();
    probe.always(Reply::default().read_body());
    let server = Server::http2(probe.clone()).await.unwrap();
    let mut client = Http2::connect(server.addr()).await.unwrap();
    let body = ProbeBody::from("to you").trailers(trailers());
    let request = Request::post("/").body(body).unwrap();
    let response = client.send(request).await.unwrap();
    Collected::of(response).await.unwrap();
    let expected = RequestBody::Read { bytes: "to you".into(), trailers: Some(trailers()) };
    assert_eq!(probe.received()[0].body, expected);
}

#[tokio::test]
async fn a_raw_client_sends_and_receives_exact_bytes() {
    let server = Server::http1(replying("hello")).await.unwrap();
    let request = "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let response = Raw::exchange(server.addr(), request).await.unwrap();
    let response = String::from_utf8(response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");

    let response = Raw::exchange(server.addr(), "invalid request\r\n\r\n").await.unwrap();
    assert!(response.starts_with(b"HTTP/1.1 400 "), "{response:?}");

    let mut raw = Raw::connect(server.addr()).await.unwrap();
    raw.write("GET / HTTP/1.1\r\nhost: a\r\n").await.unwrap();
    raw.write("\r\n").await.unwrap();
    let head = raw.read_until(b"\r\n\r\n").await.unwrap();
    assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(raw.read_until(b"0\r\n\r\n").await.unwrap(), b"5\r\nhello\r\n0\r\n\r\n");
}

#[tokio::test]
async fn a_dropped_server_closes_its_connections() {
    let probe = Probe::new();
    let body = ProbeBody::from("first").wait(&Gate::new()).data("never");
    probe.always(Reply::body(body));
    let server = Server::http1(probe.clone()).await.unwrap();
    let mut client = Http1::connect(server.addr()).await.unwrap();
    let request = Request::get("/").body(ProbeBody::empty()).unwrap();
    let mut response = client.send(request).await.unwrap();
    assert!(response.frame().await.unwrap().is_ok());
    drop(server);
    assert!(response.frame().await.unwrap().is_err());
    assert!(eventually(DEADLINE, || probe.counts().in_flight == 0).await);
}

#[tokio::test]
async fn a_stopped_server_has_released_its_port() {
    let server = Server::http1(Probe::new()).await.unwrap();
    let addr = server.addr();
    server.stop().await;
    Raw::connect(addr).await.unwrap_err();
}
