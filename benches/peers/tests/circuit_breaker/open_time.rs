use std::time::Duration;

use futures_util::FutureExt as _;

use crate::{
    Error, OPEN, fails,
    peers::{
        Peer, default_of_failsafe, of_failsafe_with, of_recloser, of_seatbelt, of_tower_resilience,
    },
};

/// Returns whether a breaker whose probes keep failing is open for the same time again.
async fn is_constant(peer: Peer, probes: usize) -> bool {
    peer.half_open().await;
    for _ in 0..5 {
        for _ in 0..probes {
            assert_eq!(peer.call(fails()).await, Err(Error::Broken));
        }
        assert_eq!(peer.call(fails()).await, Err(Error::Rejected));
        peer.wait(OPEN + OPEN / 4).await;
    }
    peer.begin().is_some()
}

#[tokio::test]
async fn the_open_time_of_most_peers_does_not_grow_by_default() {
    assert!(is_constant(of_tower_resilience(1), 1).await);
    assert!(is_constant(of_recloser(), 2).await);
    assert!(is_constant(of_seatbelt(), 1).await);
}

#[test]
fn failsafes_open_time_doubles_to_five_minutes_with_jitter() {
    let peer = of_failsafe_with(default_of_failsafe());
    failsafe::clock::freeze(|clock| {
        let mut rejected_for = |peer: &Peer| {
            let rejects = || peer.call(fails()).now_or_never().unwrap() == Err(Error::Rejected);
            while !rejects() {}
            let seconds = (1..).find(|_| {
                clock.advance(Duration::from_secs(1));
                !rejects()
            });
            seconds.unwrap()
        };
        let times: Vec<u32> = (0..8).map(|_| rejected_for(&peer)).collect();
        assert!((5..=11).contains(&times[0]), "{times:?}");
        assert!(times[7] >= 150 && times[7] <= 301, "{times:?}");
    });
}
