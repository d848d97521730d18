//! Peers that read slowly, or not at all.

use battlement_serve::{End, Limits, TimeoutKind};
use tokio::{io::AsyncReadExt as _, time::sleep};

use crate::{
    http2::{Frame, NO_WINDOW},
    served::{BIG, Event, Served, seconds},
};

const LIMITS: Limits = Limits::new().write(seconds(30));

const CUT: [Event; 2] =
    [Event::Timeout(TimeoutKind::Write), Event::Closed(End::Timeout(TimeoutKind::Write))];

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_cut() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.write("GET /big HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(seconds(29)).await;
    assert_eq!(served.seen.events(), []);
    sleep(seconds(2)).await;
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_gets_the_whole_response() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.write("GET /big HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let (mut read, mut chunk) = (0, vec![0; BIG / 16]);
    loop {
        sleep(seconds(20)).await;
        match client.stream.read_exact(&mut chunk).await {
            Ok(count) => read += count,
            Err(_) => break,
        }
    }
    assert!(read >= BIG / 16 * 15 && client.age() > 300, "{read} bytes, {} s", client.age());
    assert_eq!(served.seen.events(), [Event::Closed(End::Complete)]);
}

#[tokio::test(start_paused = true)]
async fn an_http_2_peer_that_opens_no_window_is_cut_although_it_answers_pings() {
    let served = Served::with(LIMITS.ping_interval(seconds(2))).await;
    let mut peer = served.http2(NO_WINDOW).await;
    peer.request(1, "/").await;
    assert_eq!(peer.closed().await, (vec![Frame::Headers(1)], 30));
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn an_http_2_peer_that_opens_its_window_now_and_then_is_not_cut() {
    let served = Served::with(LIMITS.ping_interval(None)).await;
    let mut peer = served.http2(NO_WINDOW).await;
    peer.request(1, "/").await;
    assert_eq!(peer.next().await, Some(Frame::Headers(1)));
    for _ in 0..5 {
        sleep(seconds(25)).await;
        peer.window(1, 1).await;
        assert_eq!(peer.next().await, Some(Frame::Data(1, 1)));
    }
}

// The limit applies to the connection.
#[tokio::test(start_paused = true)]
async fn a_stream_without_a_window_is_not_cut_while_the_peer_reads_another_one() {
    let served = Served::with(LIMITS.ping_interval(None)).await;
    let mut peer = served.http2(NO_WINDOW).await;
    for stream in [1, 3] {
        peer.request(stream, "/").await;
        assert_eq!(peer.next().await, Some(Frame::Headers(stream)));
    }
    for _ in 0..4 {
        sleep(seconds(25)).await;
        peer.window(3, 1).await;
        assert_eq!(peer.next().await, Some(Frame::Data(3, 1)));
    }
    assert_eq!(peer.closed().await, (vec![], 130));
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_closes_during_a_response_is_noticed() {
    let served = Served::with(LIMITS).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/big").await;
    // The windows of the connection and of the stream are used up after 64 KiB.
    let (frames, seconds) = peer.closed().await;
    assert!(frames.len() > 3 && seconds == 30, "{frames:?} {seconds}");
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_response_that_waits_for_its_own_data_is_not_cut() {
    let served = Served::with(LIMITS).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/open").await;
    peer.response(1).await;
    let mut client = served.connect().await;
    client.get("/open").await;
    tokio::select! {
        _ = peer.next() => panic!("the connection has ended"),
        () = sleep(seconds(1_000)) => {}
    }
    assert_eq!(served.seen.events(), []);
}

#[tokio::test(start_paused = true)]
async fn a_half_closed_client_gets_its_response() {
    use tokio::io::AsyncWriteExt as _;
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.write("GET /open HTTP/1.1\r\nhost: a\r\n\r\n").await;
    client.stream.shutdown().await.unwrap();
    assert!(client.response().await.contains("open"));
}
