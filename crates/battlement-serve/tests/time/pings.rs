//! HTTP/2 peers that have vanished.

use battlement_core::Phase;
use battlement_serve::{End, Limits, TimeoutKind};

use crate::{
    http2::Frame,
    served::{Event, Served, seconds},
};

fn limits() -> Limits {
    Limits::new().ping_interval(seconds(20)).ping_timeout(seconds(10))
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_no_ping_is_cut_with_its_request_in_flight() {
    let served = Served::with(limits()).await;
    let mut peer = served.http2(&[]).await;
    peer.answers = false;
    peer.request(1, "/open").await;
    let (_, seconds) = peer.closed().await;
    assert_eq!(seconds, 30);
    let ping = TimeoutKind::Ping;
    assert_eq!(served.seen.events(), [Event::Timeout(ping), Event::Closed(End::Timeout(ping))]);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_keeps_its_stream() {
    let served = Served::with(limits()).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/open").await;
    peer.response(1).await;
    tokio::select! {
        _ = peer.next() => panic!("the connection has ended"),
        () = tokio::time::sleep(seconds(1_000)) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_vanished_peer_does_not_hold_up_a_graceful_end() {
    // The PING of a graceful GOAWAY waits for its answer, for as long as the connection lasts.
    let served = Served::with(limits().ping_interval(None)).await;
    let mut peer = served.http2(&[]).await;
    peer.answers = false;
    peer.request(1, "/").await;
    peer.response(1).await;
    served.reach(Phase::Unready);
    assert_eq!(peer.closed().await, (vec![Frame::Leaving], 10));
    let ping = TimeoutKind::Ping;
    assert_eq!(served.seen.events(), [Event::Timeout(ping), Event::Closed(End::Timeout(ping))]);
}
