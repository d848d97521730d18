//! The deadline from accept to the first request.

use battlement_core::Phase;
use battlement_serve::{End, Limits, TimeoutKind};
use tokio::time::sleep;

use crate::{
    http2::PREFACE,
    served::{Event, Served, seconds},
};

const LIMITS: Limits = Limits::new().first_request(seconds(10));

const CUT: [Event; 2] = [
    Event::Timeout(TimeoutKind::FirstRequest),
    Event::Closed(End::Timeout(TimeoutKind::FirstRequest)),
];

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_cut_at_the_deadline() {
    let served = Served::with(LIMITS).await;
    assert_eq!(served.connect().await.closed().await, 10);
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_is_cut_at_the_deadline() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    assert_eq!(client.drip("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await, 10);
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_late_first_byte_does_not_move_the_deadline() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    sleep(seconds(9)).await;
    client.write("GET / HT").await;
    assert_eq!(client.closed().await, 10);
}

#[tokio::test(start_paused = true)]
async fn a_preface_of_http_2_that_drips_in_is_cut_at_the_deadline() {
    let served = Served::with(LIMITS).await;
    assert_eq!(served.connect().await.drip(PREFACE).await, 10);
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_preface_without_settings_is_cut_at_the_deadline() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    client.write(PREFACE).await;
    assert_eq!(client.closed().await, 10);
    assert_eq!(served.seen.events(), CUT);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_take_longer_than_the_deadline() {
    let served = Served::with(LIMITS).await;
    let mut client = served.connect().await;
    assert!(client.get("/open").await.contains("open"));
    sleep(seconds(1_000)).await;
    assert_eq!(served.seen.events(), []);
}

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_the_rest_of_a_first_head_until_the_deadline() {
    let served = Served::with(LIMITS).await;
    let (mut half, mut whole, mut later) =
        (served.connect().await, served.connect().await, served.connect().await);
    later.get("/").await;
    sleep(seconds(2)).await;
    for client in [&mut half, &mut whole, &mut later] {
        client.write("GET / HTTP/1.1\r\nhost: a\r\n").await;
    }
    sleep(seconds(1)).await;
    served.reach(Phase::Draining);
    let rest = async {
        sleep(seconds(1)).await;
        whole.write("\r\n").await;
        assert!(whole.response().await.contains("connection: close"));
        whole.closed().await
    };
    assert_eq!(tokio::join!(half.closed(), rest, later.closed()), (10, 4, 3));
}
