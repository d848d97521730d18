//! The number of requests of a connection.

use battlement_serve::{End, Limits};

use crate::{
    http2::Frame,
    served::{Event, Served},
};

#[tokio::test(start_paused = true)]
async fn the_last_response_announces_the_close() {
    let served = Served::with(Limits::new().requests(3)).await;
    let mut client = served.connect().await;
    for _ in 0..2 {
        assert!(!client.get("/").await.contains("connection: close"));
    }
    assert!(client.get("/").await.contains("connection: close"));
    assert_eq!(client.closed().await, 0);
    assert_eq!(served.seen.events(), [Event::Closed(End::Complete)]);
}

#[tokio::test(start_paused = true)]
async fn an_http_2_peer_gets_a_goaway_with_its_last_request() {
    let served = Served::with(Limits::new().requests(2)).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/").await;
    peer.response(1).await;
    peer.answers = false;
    peer.request(3, "/open").await;
    let mut frames = vec![peer.next().await, peer.next().await, peer.next().await];
    frames.retain(|frame| *frame == Some(Frame::Leaving));
    assert_eq!(frames.len(), 1);
    // A request that crosses the GOAWAY is answered.
    peer.request(5, "/").await;
    peer.response(5).await;
}
