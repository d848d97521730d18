use std::time::Duration;

use tokio::time::timeout;

use crate::{
    hangs,
    peers::{Peer, of_failsafe, of_recloser, of_seatbelt_with, of_tower_resilience, seatbelt},
    succeeds,
};

/// Returns whether a breaker is closed after 200 calls that a timeout outside of it has ended, of which every `n`-th
/// has succeeded.
async fn stays_closed(peer: Peer, n: usize) -> bool {
    for call in 1..=200 {
        let inner = if call % n == 0 { succeeds() } else { hangs() };
        let ended = timeout(Duration::from_secs(2), peer.call(inner)).await;
        if ended.is_ok_and(|outcome| outcome.is_err()) {
            return false;
        }
    }
    true
}

const NEVER: usize = usize::MAX;

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_of_most_peers_never_opens_them() {
    assert!(stays_closed(of_tower_resilience(1), NEVER).await);
    assert!(stays_closed(of_failsafe(), NEVER).await);
    assert!(stays_closed(of_recloser(), NEVER).await);
}

#[tokio::test(start_paused = true)]
async fn seatbelt_opens_by_dropped_calls_only_if_all_calls_are_dropped() {
    let (layer, clock) = seatbelt();
    assert!(!stays_closed(of_seatbelt_with(&layer, clock), NEVER).await);
    let (layer, clock) = seatbelt();
    assert!(stays_closed(of_seatbelt_with(&layer, clock), 10).await);
}
