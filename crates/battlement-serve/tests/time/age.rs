//! The age of connections.

use std::collections::HashSet;

use battlement_core::{DropReason, Phase};
use battlement_serve::{End, Limits, TimeoutKind};
use tokio::time::{Instant, sleep};

use crate::{
    http2::Frame,
    served::{Event, Served, seconds},
};

/// The events of a connection whose request outlasts the grace.
const CUT: [Event; 4] = [
    Event::Timeout(TimeoutKind::Age),
    Event::Timeout(TimeoutKind::Grace),
    Event::Dropped(Some(DropReason::Timeout)),
    Event::Closed(End::Timeout(TimeoutKind::Grace)),
];

/// Returns limits with an age of 300 s, give or take 30 s.
fn limits() -> Limits {
    Limits::new().age(seconds(300)).idle(seconds(1_000)).ping_interval(None)
}

/// Returns the events, with the end of the connection last: hyper drops the I/O before the request, or in another task.
fn events(served: &Served) -> Vec<Event> {
    let mut events = served.seen.events();
    events.sort_by_key(|event| matches!(event, Event::Closed(_)));
    events
}

#[tokio::test(start_paused = true)]
async fn the_response_after_the_age_announces_the_close_and_no_connection_is_cut() {
    let served = Served::with(limits()).await;
    let mut client = served.connect().await;
    assert!(!client.get("/").await.contains("connection: close"));
    sleep(seconds(331)).await;
    assert!(client.get("/").await.contains("connection: close"));
    assert_eq!(client.closed().await, 331);
    let age = TimeoutKind::Age;
    assert_eq!(served.seen.events(), [Event::Timeout(age), Event::Closed(End::Timeout(age))]);
}

#[tokio::test(start_paused = true)]
async fn no_response_before_nine_tenths_of_the_age_announces_the_close() {
    let served = Served::with(limits()).await;
    let mut client = served.connect().await;
    client.get("/").await;
    sleep(seconds(269)).await;
    assert!(!client.get("/").await.contains("connection: close"));
}

#[tokio::test(start_paused = true)]
async fn an_http_2_peer_gets_a_goaway_at_the_age_which_varies_by_a_tenth() {
    let served = Served::with(limits()).await;
    let (mut ages, start) = (HashSet::new(), Instant::now());
    let mut peers = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let mut peer = served.http2(&[]).await;
        peers.spawn(async move {
            peer.request(1, "/").await;
            peer.response(1).await;
            let end = peer.closed().await;
            assert_eq!(end.0, [Frame::Leaving, Frame::Goaway(1)]);
            start.elapsed().as_secs()
        });
    }
    while let Some(age) = peers.join_next().await {
        ages.insert(age.unwrap());
    }
    assert!(ages.iter().all(|age| (270..=330).contains(age)), "{ages:?}");
    assert!(ages.len() > 8, "{ages:?}");
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_at_the_age_are_not_cut() {
    let served = Served::with(limits()).await;
    let mut client = served.connect().await;
    client.get("/open").await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/open").await;
    peer.response(1).await;
    assert_eq!(peer.next().await, Some(Frame::Leaving));
    tokio::select! {
        frame = peer.next() => assert_eq!(frame, Some(Frame::Goaway(1))),
        () = sleep(seconds(1)) => panic!("the second GOAWAY is missing"),
    }
    tokio::select! {
        _ = peer.next() => panic!("the connection has ended"),
        _ = client.closed() => panic!("the connection has ended"),
        () = sleep(seconds(10_000)) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn requests_in_flight_are_cut_after_the_grace_of_the_age() {
    let served = Served::with(limits().age_grace(seconds(30))).await;
    let mut client = served.connect().await;
    client.write("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let age = client.closed().await;
    assert!((300..=360).contains(&age), "{age}");
    assert_eq!(events(&served), CUT);
}

#[tokio::test(start_paused = true)]
async fn requests_over_http_2_are_cut_after_the_grace_of_the_age() {
    let served = Served::with(limits().age_grace(seconds(30))).await;
    let mut peer = served.http2(&[]).await;
    peer.request(1, "/wait").await;
    let (frames, age) = peer.closed().await;
    assert_eq!(frames, [Frame::Leaving, Frame::Goaway(1)]);
    assert!((300..=360).contains(&age), "{age}");
    assert_eq!(events(&served), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_a_shutdown_aborts_after_its_age_is_counted_as_aborted() {
    let served = Served::with(limits()).await;
    let mut client = served.connect().await;
    client.write("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(seconds(331)).await;
    served.reach(Phase::CutOff);
    assert_eq!(client.closed().await, 331);
    assert_eq!(
        events(&served),
        [
            Event::Timeout(TimeoutKind::Age),
            Event::Dropped(Some(DropReason::Shutdown)),
            Event::Closed(End::Aborted),
        ]
    );
}
