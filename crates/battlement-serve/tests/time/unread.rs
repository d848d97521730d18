//! The end of a connection whose client may still send the body of a request that was answered.

use battlement_core::Phase;
use battlement_serve::{End, Limits, TimeoutKind};
use tokio::time::sleep;

use crate::{
    client::Client,
    served::{Event, Served, seconds},
};

/// A request whose body the service does not read.
const UPLOAD: &str = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n";

/// Returns whether the server has left the connection.
fn is_left(served: &Served) -> bool {
    served.seen.events().iter().any(|event| matches!(event, Event::Closed(_)))
}

/// Sends a byte each second for the given number of seconds, and returns after how many seconds the server has left.
async fn left_after(served: &Served, client: &mut Client, bytes: u64) -> u64 {
    for second in 0.. {
        if is_left(served) {
            return second;
        }
        if second < bytes {
            client.write("x").await;
        }
        sleep(seconds(1)).await;
    }
    unreachable!("the loop has no end")
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_upload_was_answered_early_may_send_more_of_it() {
    for (bytes, left) in [(0, 5..=6), (20, 25..=26)] {
        let served = Served::with(Limits::new().write(seconds(2)).header(seconds(2))).await;
        let mut client = served.connect().await;
        client.write(UPLOAD).await;
        client.response().await;
        assert_eq!(client.closed().await, 0, "the server closes its side at once");
        let seconds = left_after(&served, &mut client, bytes).await;
        assert!(left.contains(&seconds), "{bytes} bytes: left after {seconds} s");
        assert_eq!(served.seen.events(), [Event::Closed(End::Complete)], "no limit applies");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_its_side_after_an_early_answer_is_left_at_once() {
    let served = Served::with(Limits::new()).await;
    let mut client = served.connect().await;
    client.write(UPLOAD).await;
    client.response().await;
    client.closed().await;
    assert!(!is_left(&served));
    drop(client);
    sleep(seconds(1)).await;
    assert!(is_left(&served));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_drain_ends_the_wait_for_a_client_and_aborts_nothing() {
    let served = Served::with(Limits::new()).await;
    let mut client = served.connect().await;
    client.write(UPLOAD).await;
    client.response().await;
    client.closed().await;
    served.reach(Phase::CutOff);
    sleep(seconds(1)).await;
    assert_eq!(served.seen.events(), [Event::Closed(End::Complete)]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_idle_after_an_upload_is_left_when_it_is_closed() {
    let served = Served::with(Limits::new().idle(seconds(75))).await;
    let mut client = served.connect().await;
    client.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\n\r\ndata").await;
    client.response().await;
    assert_eq!(client.closed().await, 75);
    assert!(left_after(&served, &mut client, 0).await <= 1);
    let idle = TimeoutKind::Idle;
    assert_eq!(served.seen.events(), [Event::Timeout(idle), Event::Closed(End::Timeout(idle))]);
}
