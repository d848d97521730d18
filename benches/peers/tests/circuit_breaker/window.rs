use std::time::Duration;

use futures_util::FutureExt as _;
use recloser::Recloser;
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, SlidingWindowType};

use crate::{
    fails,
    peers::{
        Peer, default_of_failsafe, of_failsafe_with, of_layer, of_recloser_with, of_seatbelt_with,
        seatbelt,
    },
    succeeds,
};

const SUCCESSES: u32 = 10_000;

async fn succeed(peer: &Peer) {
    for _ in 0..SUCCESSES {
        peer.call(succeeds()).await.unwrap();
    }
}

#[tokio::test]
async fn tower_resiliences_window_of_calls_does_not_slide() {
    // The window has 100 calls and a rate of 50 %, by default.
    let peer = of_layer(&CircuitBreakerLayer::builder().build().unwrap());
    succeed(&peer).await;
    assert_eq!(peer.failures_until_open().await, 10_000);

    let peer = of_recloser_with(Recloser::default());
    succeed(&peer).await;
    assert_eq!(peer.failures_until_open().await, 50);
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn the_windows_of_time_of_tower_resilience_and_seatbelt_forget_old_calls() {
    let window = SECOND / 4;
    let layer = CircuitBreakerLayer::builder()
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(window)
        .minimum_number_of_calls(20);
    let peer = of_layer(&layer.build().unwrap());
    succeed(&peer).await;
    peer.wait(2 * window).await;
    assert_eq!(peer.failures_until_open().await, 20);

    let (layer, clock) = seatbelt();
    let peer = of_seatbelt_with(&layer.min_throughput(20), clock);
    succeed(&peer).await;
    peer.wait(31 * SECOND).await;
    assert_eq!(peer.failures_until_open().await, 20);
}

#[tokio::test]
async fn most_peers_need_100_calls_to_notice_a_dead_upstream_by_default() {
    let peer = of_layer(&CircuitBreakerLayer::builder().build().unwrap());
    assert_eq!(peer.failures_until_open().await, 100);
    assert_eq!(of_failsafe_with(default_of_failsafe()).failures_until_open().await, 5);
    // The call after the first 100 is the first that is judged.
    assert_eq!(of_recloser_with(Recloser::default()).failures_until_open().await, 101);
    let (layer, clock) = seatbelt();
    assert_eq!(of_seatbelt_with(&layer, clock).failures_until_open().await, 100);
}

#[tokio::test]
async fn tower_resilience_waits_for_a_full_window_whatever_its_minimum_is() {
    let layer = CircuitBreakerLayer::builder().minimum_number_of_calls(10);
    let peer = of_layer(&layer.build().unwrap());
    assert_eq!(peer.failures_until_open().await, 100);
}

/// Makes a call every 100 ms, of which every second one fails, and returns the seconds after which one is rejected.
fn seconds_until_open(peer: &Peer, most: u32) -> Option<u32> {
    failsafe::clock::freeze(|clock| {
        let rejects = |call| peer.call(call).now_or_never().unwrap() == Err(crate::Error::Rejected);
        (0..most * 5).find_map(|call| {
            clock.advance(SECOND / 10);
            let rejected = rejects(succeeds());
            clock.advance(SECOND / 10);
            (rejects(fails()) || rejected).then_some(call / 5)
        })
    })
}

#[test]
fn failsafes_rate_is_not_looked_at_for_half_a_minute() {
    let peer = of_failsafe_with(default_of_failsafe());
    assert_eq!(seconds_until_open(&peer, 60), Some(30));
}
