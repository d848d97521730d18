//! The store in memory: exact under threads, atomic across policies, and bounded.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{thread, time::Duration};

use battlement_rate_limit::{
    Algorithm, Key, KeyHash, Memory, MemoryOr, Now, Outcome, Policies, Policy, Query,
    RateLimitLayer, Source, Store,
};
use http::Request;
use tokio::time::Instant;

/// Returns hashes of keys, as a layer computes them.
fn keys(count: usize) -> Vec<KeyHash> {
    let by_path = Key::by(|inbound| Some(inbound.uri.path().to_owned()));
    let (_, handle) = RateLimitLayer::new(Policy::per_day("any", 1), by_path).pair();
    let request = |n| Request::get(format!("/{n}")).body(()).unwrap();
    (0..count).map(|n| handle.key(&request(n)).unwrap()).collect()
}

fn key() -> KeyHash {
    keys(1)[0]
}

fn now() -> Instant {
    Instant::now()
}

fn take(store: &Memory, key: KeyHash, policies: &Policies, cost: u32, at: Instant) -> Outcome {
    store.acquire(&Query::new(key, policies, cost, at))
}

fn admits(store: &Memory, key: KeyHash, policies: &Policies, cost: u32, at: Instant) -> bool {
    !take(store, key, policies, cost, at).is_denied(policies)
}

fn remaining(outcome: &Outcome) -> Vec<u32> {
    outcome.states.iter().map(|state| state.remaining).collect()
}

#[test]
fn exactly_the_quota_is_admitted_under_many_threads() {
    let (store, key) = (Memory::default(), key());
    for algorithm in [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let name = format!("{algorithm:?}");
        let policies = Policies::new([Policy::per_day(&name, 1_000).algorithm(algorithm)]);
        // The same time for all requests, so that no unit comes back meanwhile.
        let at = now();
        let admitted: usize = thread::scope(|scope| {
            let count = || (0..500).filter(|_| admits(&store, key, &policies, 1, at)).count();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1_000, "{algorithm:?}");
    }
}

#[test]
fn a_policy_of_one_a_day_with_a_burst_admits_the_burst() {
    let (store, key) = (Memory::default(), key());
    let policies = Policies::new([Policy::per_day("day", 1).burst(100)]);
    let admitted: usize = thread::scope(|scope| {
        let count = || (0..100).filter(|_| admits(&store, key, &policies, 1, now())).count();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(count)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 100);
}

#[test]
fn a_denied_request_is_charged_to_none_of_its_policies() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([Policy::per_second("burst", 5), Policy::per_day("daily", 2)]);
    assert_eq!(remaining(&take(&store, key, &policies, 2, at)), [3, 0]);
    let denied = take(&store, key, &policies, 1, at);
    assert!(denied.is_denied(&policies));
    assert_eq!(remaining(&denied), [3, 0], "the first one allowed it, and was not charged");
    assert_eq!(denied.retry_after(&policies), Some(Duration::from_secs(43_200)));
}

#[test]
fn a_shadow_policy_counts_and_rejects_no_request() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies =
        Policies::new([Policy::per_day("real", 5), Policy::per_day("shadow", 1).shadow(true)]);
    assert!(admits(&store, key, &policies, 1, at));
    let second = take(&store, key, &policies, 1, at);
    assert!(!second.is_denied(&policies) && second.states[1].is_denied());
    assert_eq!(remaining(&second), [3, 0]);
}

#[test]
fn a_peek_charges_nothing_and_a_reset_removes_all_state() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([Policy::per_day("day", 2)]);
    let query = Query::new(key, &policies, 1, at);
    for _ in 0..5 {
        assert_eq!(remaining(&store.peek(&query)), [2]);
    }
    assert_eq!(store.cells(), 0);
    assert_eq!(remaining(&take(&store, key, &policies, 0, at)), [2], "a cost of 0 charges nothing");
    assert_eq!(store.cells(), 0);
    assert!(admits(&store, key, &policies, 2, at) && !admits(&store, key, &policies, 1, at));
    store.reset(&query);
    assert_eq!((store.cells(), remaining(&store.peek(&query))), (0, vec![2]));
}

#[test]
fn a_refund_returns_the_cost_and_never_more_than_was_charged() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([
        Policy::per_day("gcra", 5),
        Policy::per_day("fixed", 5).algorithm(Algorithm::FixedWindow),
        Policy::per_day("sliding", 5).algorithm(Algorithm::SlidingWindow),
    ]);
    let charged = take(&store, key, &policies, 3, at);
    store.refund(&Query::new(key, &policies, 2, at), &charged);
    assert_eq!(remaining(&store.peek(&Query::new(key, &policies, 1, at))), [4, 4, 4]);
    store.refund(&Query::new(key, &policies, u32::MAX, at), &charged);
    assert_eq!(remaining(&store.peek(&Query::new(key, &policies, 1, at))), [5, 5, 5]);
    store.refund(&Query::new(keys(2)[1], &policies, 1, at), &charged);
    assert!(store.cells() <= 3, "a refund creates no key");
}

#[test]
fn the_store_trait_returns_answers_at_once() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([Policy::per_day("day", 2)]);
    let query = Query::new(key, &policies, 1, at);
    let Now(charged) = Store::acquire(&store, &query);
    assert_eq!(remaining(&charged), [1]);
    assert_eq!(Store::refund(&store, &query, &charged), Now(()));
    assert_eq!(remaining(&Store::peek(&store, &query).0), [2]);
    assert_eq!(Store::reset(&store, &query), Now(()));
}

#[test]
fn a_million_keys_stay_within_the_capacity() {
    let (store, at) = (Memory::new(10_000), now());
    let policies = Policies::new([Policy::per_day("day", 5)]);
    let keys = keys(1_000_000);
    let active = keys[0];
    assert!(admits(&store, active, &policies, 5, at));
    let overflowed = keys[1..]
        .iter()
        .filter(|key| take(&store, **key, &policies, 1, at).source == Source::OVERFLOW)
        .count();
    // Each of 64 shards rounds up, and has an eighth more for keys to share.
    assert!(store.cells() <= 64 * (157 + 19), "{} cells", store.cells());
    assert_eq!(store.overflows(), overflowed as u64);
    assert!(overflowed > 980_000);
    assert!(!admits(&store, active, &policies, 1, at), "invented keys do not reset an active one");
    assert!(!admits(&store, keys[999_999], &policies, 1, at), "new keys share the remaining cells");
}

#[test]
fn a_key_keeps_its_own_cells_when_the_store_is_full() {
    let (store, at) = (Memory::new(1), now());
    let [slow, fast] = [Policy::per_day("slow", 1), Policy::per_second("fast", 1_000)];
    let (active, slow, both) =
        (keys(1)[0], Policies::new([slow.clone()]), Policies::new([slow, fast]));
    assert!(admits(&store, active, &slow, 1, at));
    let denied = take(&store, active, &both, 1, at);
    assert!(denied.states[0].is_denied(), "by its own cell, not by the shared one");
    assert!(!denied.states[1].is_denied());
    assert_eq!(denied.source, Source::OVERFLOW, "there was no room for the other cell");
}

#[test]
fn a_refund_reaches_shared_cells_of_a_full_store() {
    let (store, at) = (Memory::new(64), now());
    let policies = Policies::new([Policy::per_day("day", 5)]);
    let keys = keys(10_000);
    let has_full_shared_cell = |key: &&KeyHash| {
        let query = Query::new(**key, &policies, 1, at);
        store.acquire(&query).source == Source::OVERFLOW && remaining(&store.peek(&query)) == [4]
    };
    let key = *keys.iter().find(has_full_shared_cell).unwrap();
    let query = Query::new(key, &policies, 2, at);
    let charged = store.acquire(&query);
    assert_eq!(remaining(&charged), [2]);
    store.refund(&query, &charged);
    assert_eq!(remaining(&store.peek(&query)), [4]);
}

#[test]
fn a_shadow_policy_that_was_not_charged_gets_no_refund() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies =
        Policies::new([Policy::per_day("real", 5), Policy::per_day("shadow", 1).shadow(true)]);
    assert!(admits(&store, key, &policies, 1, at));
    let query = Query::new(key, &policies, 1, at);
    let charged = store.acquire(&query);
    store.refund(&query, &charged);
    assert_eq!(remaining(&store.peek(&query)), [4, 0]);
}

#[test]
fn a_refund_reaches_its_window_after_other_requests_advance_the_clock() {
    let (store, later) = (Memory::new(64), now() + Duration::from_secs(1));
    for algorithm in [Algorithm::FixedWindow, Algorithm::SlidingWindow, Algorithm::Gcra] {
        let name = format!("{algorithm:?}");
        let policies = Policies::new([Policy::per_minute(&name, 5).algorithm(algorithm)]);
        // Advance the clock of every shard.
        for key in keys(1_000) {
            take(&store, key, &policies, 0, later);
        }
        let query = Query::new(key(), &policies, 1, later - Duration::from_millis(500));
        let charged = store.acquire(&query);
        store.refund(&query, &charged);
        assert_eq!(remaining(&store.peek(&query)), [5], "{algorithm:?}");
    }
}

#[test]
fn another_algorithm_of_the_same_name_starts_with_nothing_used() {
    let (store, key, at) = (Memory::default(), key(), now());
    let by = |algorithm| Policies::new([Policy::per_hour("hour", 100).algorithm(algorithm)]);
    assert!(admits(&store, key, &by(Algorithm::FixedWindow), 1, at));
    let gcra = take(&store, key, &by(Algorithm::Gcra), 1, at);
    assert_eq!(remaining(&gcra), [99], "an hour of a window is not an hour's worth of units");
}

#[test]
fn a_cost_above_the_capacity_is_denied_however_large_it_is() {
    let (store, key, at) = (Memory::default(), key(), now());
    for algorithm in [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let name = format!("{algorithm:?}");
        let policies = Policies::new([Policy::per_day(&name, 10).algorithm(algorithm)]);
        for cost in [11, 1_000_000, u32::MAX - 1, u32::MAX] {
            let denied = take(&store, key, &policies, cost, at);
            assert!(denied.is_denied(&policies), "{cost} {algorithm:?}");
            assert_eq!(denied.retry_after(&policies), None);
        }
    }
}

#[test]
fn expired_keys_make_room_for_new_ones() {
    let (store, at) = (Memory::new(1_000), now());
    let policies = Policies::new([Policy::per_second("second", 10)]);
    let keys = keys(200_000);
    for (index, key) in keys.iter().enumerate() {
        // A thousand new keys a second, each of which expires after a tenth of a second.
        let at = at + Duration::from_millis(index as u64);
        assert!(admits(&store, *key, &policies, 1, at), "{index}");
    }
    assert_eq!(store.overflows(), 0);
    assert!(store.cells() <= 1_000);
}

#[test]
fn a_request_that_began_before_the_latest_one_is_counted() {
    let (store, key, at) = (Memory::default(), key(), now() + Duration::from_secs(10));
    for algorithm in [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let name = format!("{algorithm:?}");
        let policies = Policies::new([Policy::per_minute(&name, 2).algorithm(algorithm)]);
        assert!(admits(&store, key, &policies, 1, at));
        assert!(admits(&store, key, &policies, 1, at - Duration::from_secs(5)));
        assert!(!admits(&store, key, &policies, 1, at - Duration::from_secs(5)));
    }
}

/// Any other store.
type Either = MemoryOr<Memory>;

#[tokio::test]
async fn a_store_chosen_at_run_time_decides_as_the_one_that_is_chosen() {
    let policies = Policies::new([Policy::per_day("p", 3)]);
    let (key, at) = (key(), now());
    for remote in [None, Some(Memory::new(100))] {
        let store = Either::from(remote.clone());
        let query = |cost| Query::new(key, &policies, cost, at);
        let charged = store.acquire(&query(2)).await.unwrap();
        assert_eq!((remaining(&charged), charged.source), (vec![1], Source::MEMORY));
        assert_eq!(remaining(&store.peek(&query(1)).await.unwrap()), [1]);
        store.refund(&query(2), &charged).await.unwrap();
        assert_eq!(remaining(&store.peek(&query(0)).await.unwrap()), [3]);
        store.acquire(&query(3)).await.unwrap();
        store.reset(&query(1)).await.unwrap();
        assert_eq!(remaining(&store.peek(&query(0)).await.unwrap()), [3]);
        assert_eq!(store.sources(), [Source::MEMORY, Source::OVERFLOW]);
        let chosen = remote.unwrap_or_default();
        assert_eq!(store.seed(), chosen.seed());
    }
}
