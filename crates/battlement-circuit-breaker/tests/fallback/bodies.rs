//! The request body that a service gets as the fallback, over sockets.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use battlement_circuit_breaker::{FallbackLayer, FallbackMark, FallbackOutcome};
use battlement_testkit::upstream::Upstream;
use bytes::Bytes;
use http::Request;
use http_body_util::{Full, channel::Channel};
use tokio::{io::AsyncReadExt as _, net::TcpListener, sync::oneshot};
use tower::{Layer as _, Service as _, ServiceExt as _};

use crate::support::{Seen, Sender, client, read};

/// Starts a server that reads a request up to `mark`, tells that, and closes the connection without a response.
async fn breaks_after(mark: &'static [u8]) -> io::Result<(SocketAddr, oneshot::Receiver<()>)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (addr, (read, is_read)) = (listener.local_addr()?, oneshot::channel());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        while !received.windows(mark.len()).any(|part| part == mark) {
            assert!(socket.read_buf(&mut received).await.unwrap() > 0, "{received:?}");
        }
        drop(socket);
        read.send(()).unwrap();
    });
    Ok((addr, is_read))
}

#[tokio::test]
async fn a_service_gets_the_whole_body_although_the_failed_call_has_read_a_part() {
    let (first, part_is_read) = breaks_after(b"the first half").await.unwrap();
    let other = Upstream::start().await.unwrap();
    let layer = FallbackLayer::service(client(other.url("/"))).as_error();
    let inner: Sender<_> = client(format!("http://{first}/"));

    let (mut sender, body) = Channel::<Bytes>::new(4);
    let mut service = layer.layer(inner);
    let request = Request::post("/").body(body).unwrap();
    let call = tokio::spawn(service.ready().await.unwrap().call(request));
    sender.send_data(Bytes::from_static(b"the first half")).await.unwrap();
    part_is_read.await.unwrap();
    sender.send_data(Bytes::from_static(b" and the second half")).await.unwrap();
    drop(sender);

    let response = call.await.unwrap().unwrap();
    assert_eq!(FallbackMark::of(&response).unwrap().reason(), "transport");
    assert_eq!(read(response).await.1, "the first half and the second half");
    assert_eq!(other.counts().received, 1);
}

#[tokio::test]
async fn a_body_over_the_limit_reaches_the_service_alone() {
    let (other, seen) = (Upstream::start().await.unwrap(), Seen::default());
    let layer = FallbackLayer::service(client(other.url("/"))).replay_limit(6);
    let layer = layer.as_error().observe(seen.clone());
    for (length, outcome) in [(6, FallbackOutcome::Answered), (7, FallbackOutcome::BodyLost)] {
        let (first, _) = breaks_after(b"x").await.unwrap();
        let inner: Sender<_> = client(format!("http://{first}/"));
        let body = Full::new(Bytes::from(vec![b'x'; length]));
        let result = layer.layer(inner).oneshot(Request::post("/").body(body).unwrap()).await;
        assert_eq!(result.is_ok(), outcome == FallbackOutcome::Answered);
        assert_eq!(seen.outcomes(), [outcome]);
    }
    assert_eq!(other.counts().received, 1);
}

#[tokio::test]
async fn a_body_that_turns_out_longer_than_the_limit_is_sent_once() {
    let (first, part_is_read) = breaks_after(b"1234567").await.unwrap();
    let (other, seen) = (Upstream::start().await.unwrap(), Seen::default());
    let layer = FallbackLayer::service(client(other.url("/"))).replay_limit(6);
    let inner: Sender<_> = client(format!("http://{first}/"));
    let (mut sender, body) = Channel::<Bytes>::new(4);
    let service = layer.as_error().observe(seen.clone()).layer(inner);
    let call = tokio::spawn(service.oneshot(Request::post("/").body(body).unwrap()));
    sender.send_data(Bytes::from_static(b"1234567")).await.unwrap();
    part_is_read.await.unwrap();
    call.await.unwrap().unwrap_err();
    assert_eq!(seen.outcomes(), [FallbackOutcome::BodyLost]);
    assert_eq!(other.counts().received, 0);
}
