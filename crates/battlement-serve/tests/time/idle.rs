//! The time between two requests, and the time of each later head.

use battlement_serve::{End, Limits, TimeoutKind};
use tokio::time::sleep;

use crate::{
    http2::Frame,
    served::{Event, Served, seconds},
};

const LIMITS: Limits = Limits::new().header(seconds(10)).idle(seconds(75));

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_the_idle_time() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.get("/").await;
    sleep(seconds(5)).await;
    client.get("/").await;
    assert_eq!(client.closed().await, 80);
    let idle = TimeoutKind::Idle;
    assert_eq!(served.seen.events(), [Event::Timeout(idle), Event::Closed(End::Timeout(idle))]);
}

#[tokio::test(start_paused = true)]
async fn the_idle_time_begins_with_the_end_of_a_response() {
    // The timer has fired during the response.
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.write("POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\n").await;
    client.response().await;
    sleep(seconds(60)).await;
    client.write("data").await;
    sleep(seconds(1)).await;
    client.get("/").await;
    assert_eq!(client.closed().await, 136);
}

#[tokio::test(start_paused = true)]
async fn a_later_head_has_its_own_time_from_its_first_byte() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.get("/").await;
    sleep(seconds(70)).await;
    assert_eq!(client.drip("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await, 80);
    let header = TimeoutKind::Header;
    assert_eq!(served.seen.events(), [Event::Timeout(header), Event::Closed(End::Timeout(header))]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_line_after_a_request_does_not_begin_a_head() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.get("/").await;
    client.write("\r\n").await;
    sleep(seconds(50)).await;
    client.get("/").await;
    assert_eq!(served.seen.events(), []);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_read_after_the_response_is_not_cut() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.write("POST /early HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n").await;
    client.response().await;
    for _ in 0..100 {
        client.write("x").await;
        sleep(seconds(2)).await;
    }
    assert!(served.seen.events().contains(&Event::Uploaded(100)), "{:?}", served.seen.events());
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_after_a_request_with_a_body_ends_with_the_idle_time() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx").await;
    client.response().await;
    client.write("GET / HTTP").await;
    assert_eq!(client.closed().await, 75);
}

#[tokio::test(start_paused = true)]
async fn an_idle_http_2_connection_gets_a_goaway() {
    let served = Served::with(LIMITS).await;
    let mut peer = served.http2(&[]).await;
    sleep(seconds(5)).await;
    peer.request(1, "/").await;
    peer.response(1).await;
    assert_eq!(peer.closed().await, (vec![Frame::Leaving, Frame::Goaway(1)], 80));
    drop(peer);
    sleep(seconds(1)).await;
    let idle = TimeoutKind::Idle;
    assert_eq!(served.seen.events(), [Event::Timeout(idle), Event::Closed(End::Timeout(idle))]);
}

#[tokio::test(start_paused = true)]
async fn an_http_2_peer_that_has_sent_settings_may_wait_with_its_first_request() {
    let served = Served::with(LIMITS).await;
    let mut peer = served.http2(&[]).await;
    assert_eq!(peer.closed().await, (vec![Frame::Leaving, Frame::Goaway(0)], 75));
}

#[tokio::test(start_paused = true)]
async fn a_connection_with_a_tunnel_is_not_idle() {
    let served = Served::with(LIMITS.ping_interval(None)).await;
    let mut peer = served.http2(&[]).await;
    peer.tunnel(1).await;
    assert_eq!(peer.next().await, Some(Frame::Headers(1)));
    sleep(seconds(1_000)).await;
    peer.data(1, b"echo").await;
    assert_eq!(peer.next().await, Some(Frame::Data(1, 4)));
}

#[tokio::test(start_paused = true)]
async fn a_header_block_of_http_2_has_its_own_time() {
    let served = Served::with(LIMITS).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/open").await;
    peer.response(1).await;
    sleep(seconds(5)).await;
    peer.begin_head(3).await;
    assert_eq!(peer.closed().await.1, 15);
    let header = TimeoutKind::Header;
    assert_eq!(served.seen.events(), [Event::Timeout(header), Event::Closed(End::Timeout(header))]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_crosses_the_goaway_is_answered() {
    let served = Served::with(LIMITS.ping_interval(None)).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/").await;
    peer.response(1).await;
    peer.answers = false;
    assert_eq!(peer.next().await, Some(Frame::Leaving));
    peer.request(3, "/").await;
    peer.response(3).await;
}

/// Returns the whole seconds until the server leaves a connection that it has closed at 75 s, and whose client sends a frame
/// each second, for the given number of seconds.
async fn left_after(frames: u64) -> u64 {
    let served = Served::with(LIMITS).await;
    let mut peer = served.http2(&[]).await;
    peer.closed().await;
    let closed = |event: &Event| matches!(event, Event::Closed(_));
    for second in 0.. {
        if served.seen.events().iter().any(closed) {
            let idle = TimeoutKind::Idle;
            let expected = [Event::Timeout(idle), Event::Closed(End::Timeout(idle))];
            assert_eq!(served.seen.events(), expected, "no other limit applies");
            return second;
        }
        if second < frames {
            peer.window(0, 1).await;
        }
        sleep(seconds(1)).await;
    }
    unreachable!("the loop has no end")
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_a_closed_http_2_connection_is_left_after_5_seconds() {
    assert!((5..=6).contains(&left_after(0).await));
    assert!((25..=26).contains(&left_after(20).await), "5 seconds after its last frame");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_keeps_sending_on_a_closed_http_2_connection_is_left_after_30_seconds() {
    assert!((30..=31).contains(&left_after(60).await));
}
