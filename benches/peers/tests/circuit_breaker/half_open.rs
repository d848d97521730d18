use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt as _;
use tower_resilience_circuitbreaker::{CircuitBreakerLayer, SlidingWindowType};

use crate::{
    Call, Error, OPEN, ends,
    peers::{Peer, builder, of_failsafe, of_layer, of_recloser, of_seatbelt, of_tower_resilience},
    succeeds,
};

/// Returns how many of 64 callers at once are admitted when the open time has ended.
async fn admitted(peer: Peer) -> usize {
    peer.half_open().await;
    let calls: Vec<Option<Call>> = (0..64).map(|_| peer.begin()).collect();
    calls.iter().flatten().count()
}

#[tokio::test]
async fn failsafe_and_recloser_admit_every_caller_when_the_open_time_has_ended() {
    assert_eq!(admitted(of_failsafe()).await, 64);
    assert_eq!(admitted(of_recloser()).await, 64);
    assert_eq!(admitted(of_tower_resilience(3)).await, 3);
    assert_eq!(admitted(of_seatbelt()).await, 1);
}

/// Returns whether a breaker admits a call although its probe hangs, after ten times the open time.
async fn admits_beside_a_hung_probe(peer: Peer) -> bool {
    peer.half_open().await;
    let hung = peer.begin();
    assert!(hung.is_some());
    peer.wait(10 * OPEN).await;
    peer.begin().is_some()
}

#[tokio::test]
async fn a_hung_probe_keeps_tower_resilience_half_open() {
    assert!(!admits_beside_a_hung_probe(of_tower_resilience(1)).await);
    assert!(admits_beside_a_hung_probe(of_seatbelt()).await);
}

/// Returns whether the slot of a probe is free as soon as its caller has dropped it.
async fn gives_back(peer: Peer) -> bool {
    peer.half_open().await;
    drop(peer.begin().unwrap());
    peer.begin().is_some()
}

#[tokio::test]
async fn seatbelt_keeps_the_slot_of_a_dropped_probe() {
    assert!(!gives_back(of_seatbelt()).await);
    assert!(gives_back(of_tower_resilience(1)).await);
}

/// Returns whether the slot of a probe is free after it has panicked.
async fn gives_back_after_a_panic(peer: Peer) -> bool {
    peer.half_open().await;
    let call = peer.call(Box::pin(async { panic!("a bug of the service") }));
    AssertUnwindSafe(call).catch_unwind().await.unwrap_err();
    peer.begin().is_some()
}

#[tokio::test]
async fn seatbelt_keeps_the_slot_of_a_probe_that_panics() {
    assert!(!gives_back_after_a_panic(of_seatbelt()).await);
    assert!(gives_back_after_a_panic(of_tower_resilience(1)).await);
}

/// Returns whether an error of the caller, which is not a failure of the upstream, closes a half-open breaker.
async fn an_error_of_the_caller_closes(peer: Peer, probes: usize) -> bool {
    peer.half_open().await;
    for _ in 0..probes {
        assert_eq!(peer.call(ends(Err(Error::OfCaller))).await, Err(Error::OfCaller));
    }
    peer.is_closed().await
}

#[tokio::test]
async fn the_peers_close_after_an_error_that_says_nothing_about_the_upstream() {
    let is_failure = |outcome: &crate::Outcome| *outcome == Err(Error::Broken);
    let layer = builder(1).failure_classifier(is_failure).build().unwrap();
    assert!(an_error_of_the_caller_closes(of_layer(&layer), 1).await);
    assert!(an_error_of_the_caller_closes(of_failsafe(), 1).await);
    assert!(an_error_of_the_caller_closes(of_recloser(), 2).await);
    assert!(an_error_of_the_caller_closes(of_seatbelt(), 1).await);
}

const SLOW: Duration = Duration::from_millis(30);

#[tokio::test]
async fn tower_resilience_stays_half_open_if_healthy_probes_take_longer_than_its_window() {
    let layer = CircuitBreakerLayer::builder()
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(SLOW / 3)
        .minimum_number_of_calls(1)
        .wait_duration_in_open(OPEN)
        .permitted_calls_in_half_open(3);
    let peer = of_layer(&layer.build().unwrap());
    peer.half_open().await;
    for _ in 0..3 {
        let slow = async {
            tokio::time::sleep(SLOW).await;
            Ok(())
        };
        peer.call(Box::pin(slow)).await.unwrap();
    }
    peer.wait(5 * OPEN).await;
    for _ in 0..20 {
        assert_eq!(peer.call(succeeds()).await, Err(Error::Rejected));
    }
}
