use std::time::Duration;

use battlement_core::Phase;
use battlement_serve::Limits;
use battlement_testkit::{
    client::{Http1, Http2},
    eventually,
};

use crate::running::{PATIENCE, Running};

async fn http2(server: &Running) -> Http2 {
    let mut client = Http2::connect(server.addr).await.unwrap();
    client.get("/").await.unwrap();
    client
}

#[tokio::test]
async fn an_http2_connection_gets_a_goaway_and_ends_while_the_server_still_accepts() {
    let server = Running::start(Limits::new()).await;
    let client = http2(&server).await;
    server.writer.advance(Phase::Unready);
    assert!(eventually(PATIENCE, || client.is_closed()).await);
    http2(&server).await;
}

#[tokio::test]
async fn an_http2_connection_that_began_after_the_shutdown_is_used_until_accepting_ends() {
    let server = Running::start(Limits::new()).await;
    server.writer.advance(Phase::Unready);
    let mut client = http2(&server).await;
    for _ in 0..10 {
        client.get("/").await.unwrap();
    }
    assert!(!client.is_closed());
    server.writer.advance(Phase::Stopping);
    assert!(eventually(PATIENCE, || client.is_closed()).await);
}

#[tokio::test]
async fn a_request_over_http2_that_is_in_flight_at_the_goaway_is_answered() {
    let server = Running::start(Limits::new()).await;
    let mut client = http2(&server).await;
    let (sender, body) = http_body_util::channel::Channel::<bytes::Bytes>::new(1);
    let request = http::Request::post("/upload").body(body).unwrap();
    let response = client.send(request).await.unwrap();
    server.writer.advance(Phase::Unready);
    drop(sender);
    let collected = battlement_testkit::client::Collected::of(response).await.unwrap();
    assert_eq!(collected.text(), "hello");
}

#[tokio::test]
async fn an_idle_http1_connection_stays_open_until_the_drain_and_its_response_closes_it() {
    let server = Running::start(Limits::new()).await;
    let mut used = Http1::connect(server.addr).await.unwrap();
    let mut idle = Http1::connect(server.addr).await.unwrap();
    for client in [&mut used, &mut idle] {
        assert_eq!(client.get("/").await.unwrap().header("connection"), None);
    }
    server.writer.advance(Phase::Unready);
    // The task of the connection has read the phase once a later connection is served.
    Http1::connect(server.addr).await.unwrap().get("/").await.unwrap();
    assert_eq!(used.get("/").await.unwrap().header("connection"), Some("close"));
    server.writer.advance(Phase::Stopping);
    assert!(eventually(PATIENCE, || used.is_closed()).await);
    assert!(!idle.is_closed());
    assert_eq!(idle.get("/").await.unwrap().header("connection"), Some("close"));
    let report = server.ended().await;
    assert_eq!((report.served, report.aborted()), (3, 0));
}

#[tokio::test]
async fn idle_connections_are_closed_when_the_drain_begins() {
    let server = Running::start(Limits::new()).await;
    let mut client = Http1::connect(server.addr).await.unwrap();
    client.get("/").await.unwrap();
    server.writer.advance(Phase::Stopping);
    server.writer.advance(Phase::Draining);
    assert!(eventually(PATIENCE, || client.is_closed()).await);
    assert_eq!(server.ended().await.aborted(), 0);
}

#[tokio::test]
async fn announcements_are_spread_if_asked_and_end_with_their_phase() {
    let hour = Duration::from_secs(3_600);
    let server = Running::start(Limits::new().drain_spread(hour)).await;
    let first = http2(&server).await;
    let mut second = http2(&server).await;
    server.writer.advance(Phase::Unready);
    assert!(eventually(PATIENCE, || first.is_closed()).await, "the first one's point is zero");
    second.get("/").await.unwrap();
    assert!(!second.is_closed());
    server.writer.advance(Phase::Stopping);
    assert!(eventually(PATIENCE, || second.is_closed()).await);
}
