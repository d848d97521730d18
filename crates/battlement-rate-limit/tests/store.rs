//! The store in memory: exact under threads, all or nothing, and never more than it may hold.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{thread, time::Duration};

use battlement_rate_limit::{
    Algorithm, Ask, Attempt, Key, KeyHash, Memory, Moment, Outcome, Policies, Policy,
    RateLimitLayer, Source, Store,
};
use http::Request;

/// The hashes of keys, as a layer makes them.
fn keys(count: usize) -> Vec<KeyHash> {
    let by_path = Key::by(|inbound| Some(inbound.uri.path().to_owned()));
    let (_, handle) = RateLimitLayer::new(Policy::per_day("any", 1), by_path).pair();
    let request = |n| Request::get(format!("/{n}")).body(()).unwrap();
    (0..count).map(|n| handle.key(&request(n)).unwrap()).collect()
}

fn key() -> KeyHash {
    keys(1)[0]
}

fn now() -> Moment {
    Moment::now()
}

fn take(store: &Memory, key: KeyHash, policies: &Policies, cost: u32, at: Moment) -> Outcome {
    store.take(&Ask::new(key, policies, cost, at))
}

fn admits(store: &Memory, key: KeyHash, policies: &Policies, cost: u32, at: Moment) -> bool {
    !take(store, key, policies, cost, at).is_denied(policies)
}

fn remaining(outcome: &Outcome) -> Vec<u32> {
    outcome.states.iter().map(|state| state.remaining).collect()
}

#[test]
fn of_many_threads_exactly_as_many_pass_as_the_policy_allows() {
    let (store, key) = (Memory::default(), key());
    for algorithm in [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let name = format!("{algorithm:?}");
        let policies = Policies::new([Policy::per_day(&name, 1_000).algorithm(algorithm)]);
        // One moment for all, so that nothing comes back meanwhile.
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
fn nothing_is_charged_unless_all_policies_allow() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([Policy::per_second("burst", 5), Policy::per_day("daily", 2)]);
    assert_eq!(remaining(&take(&store, key, &policies, 2, at)), [3, 0]);
    let denied = take(&store, key, &policies, 1, at);
    assert!(denied.is_denied(&policies));
    assert_eq!(remaining(&denied), [3, 0], "the first one allowed it, and was not charged");
    assert_eq!(denied.retry_after(&policies), Some(Duration::from_secs(43_200)));
}

#[test]
fn a_shadow_is_counted_and_turns_nobody_away() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies =
        Policies::new([Policy::per_day("real", 5), Policy::per_day("tried", 1).shadow(true)]);
    assert!(admits(&store, key, &policies, 1, at));
    let second = take(&store, key, &policies, 1, at);
    assert!(!second.is_denied(&policies) && second.states[1].is_denied());
    assert_eq!(remaining(&second), [3, 0]);
}

#[test]
fn peeking_takes_nothing_and_a_reset_forgets_everything() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([Policy::per_day("day", 2)]);
    let ask = Ask::new(key, &policies, 1, at);
    for _ in 0..5 {
        assert_eq!(remaining(&store.look(&ask)), [2]);
    }
    assert_eq!(store.held(), 0);
    assert_eq!(remaining(&take(&store, key, &policies, 0, at)), [2], "nor does a cost of none");
    assert_eq!(store.held(), 0);
    assert!(admits(&store, key, &policies, 2, at) && !admits(&store, key, &policies, 1, at));
    store.forget(&ask);
    assert_eq!((store.held(), remaining(&store.look(&ask))), (0, vec![2]));
}

#[test]
fn a_refund_gives_back_what_was_taken_and_never_more_than_there_is() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([
        Policy::per_day("gcra", 5),
        Policy::per_day("fixed", 5).algorithm(Algorithm::FixedWindow),
        Policy::per_day("sliding", 5).algorithm(Algorithm::SlidingWindow),
    ]);
    let charged = take(&store, key, &policies, 3, at);
    store.give_back(&Ask::new(key, &policies, 2, at), &charged);
    assert_eq!(remaining(&store.look(&Ask::new(key, &policies, 1, at))), [4, 4, 4]);
    store.give_back(&Ask::new(key, &policies, u32::MAX, at), &charged);
    assert_eq!(remaining(&store.look(&Ask::new(key, &policies, 1, at))), [5, 5, 5]);
    store.give_back(&Ask::new(keys(2)[1], &policies, 1, at), &charged);
    assert!(store.held() <= 3, "a key that is not there is not made by a refund");
}

#[test]
fn what_is_asked_through_the_trait_is_there_at_once() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies = Policies::new([Policy::per_day("day", 2)]);
    let ask = Ask::new(key, &policies, 1, at);
    let Attempt::Now(charged) = store.acquire(&ask) else { panic!("it lies in memory") };
    assert_eq!(remaining(&charged), [1]);
    assert!(matches!(store.refund(&ask, &charged), Attempt::Now(())));
    assert!(matches!(store.peek(&ask), Attempt::Now(outcome) if remaining(&outcome) == [2]));
    assert!(matches!(store.reset(&ask), Attempt::Now(())));
}

#[test]
fn a_million_keys_take_no_more_room_than_was_said() {
    let (store, at) = (Memory::new(10_000), now());
    let policies = Policies::new([Policy::per_day("day", 5)]);
    let keys = keys(1_000_000);
    let live = keys[0];
    assert!(admits(&store, live, &policies, 5, at));
    let overflowed = keys[1..]
        .iter()
        .filter(|key| take(&store, **key, &policies, 1, at).source == Source::Overflow)
        .count();
    // Each of 64 shards rounds up, and has an eighth more for keys to share.
    assert!(store.held() <= 64 * (157 + 19), "{} cells", store.held());
    assert_eq!(store.overflows(), overflowed as u64);
    assert!(overflowed > 980_000);
    assert!(!admits(&store, live, &policies, 1, at), "made-up keys do not reset a live one");
    assert!(!admits(&store, keys[999_999], &policies, 1, at), "newcomers share what is left");
}

#[test]
fn a_key_is_held_to_its_own_cells_when_there_is_no_room_for_another() {
    let (store, at) = (Memory::new(1), now());
    let [slow, fast] = [Policy::per_day("slow", 1), Policy::per_second("fast", 1_000)];
    let (live, slow, both) =
        (keys(1)[0], Policies::new([slow.clone()]), Policies::new([slow, fast]));
    assert!(admits(&store, live, &slow, 1, at));
    let denied = take(&store, live, &both, 1, at);
    assert!(denied.states[0].is_denied(), "by its own cell, not by the one that newcomers share");
    assert!(!denied.states[1].is_denied());
    assert_eq!(denied.source, Source::Overflow, "the other cell found no room");
}

#[test]
fn newcomers_to_a_full_store_get_back_what_they_took_of_what_they_share() {
    let (store, at) = (Memory::new(64), now());
    let policies = Policies::new([Policy::per_day("day", 5)]);
    let keys = keys(10_000);
    let newcomer = |key: &&KeyHash| {
        let ask = Ask::new(**key, &policies, 1, at);
        store.take(&ask).source == Source::Overflow && remaining(&store.look(&ask)) == [4]
    };
    let key = *keys.iter().find(newcomer).unwrap();
    let ask = Ask::new(key, &policies, 2, at);
    let charged = store.take(&ask);
    assert_eq!(remaining(&charged), [2]);
    store.give_back(&ask, &charged);
    assert_eq!(remaining(&store.look(&ask)), [4]);
}

#[test]
fn a_shadow_that_took_nothing_gets_nothing_back() {
    let (store, key, at) = (Memory::default(), key(), now());
    let policies =
        Policies::new([Policy::per_day("real", 5), Policy::per_day("tried", 1).shadow(true)]);
    assert!(admits(&store, key, &policies, 1, at));
    let ask = Ask::new(key, &policies, 1, at);
    let charged = store.take(&ask);
    store.give_back(&ask, &charged);
    assert_eq!(remaining(&store.look(&ask)), [4, 0]);
}

#[test]
fn a_refund_reaches_its_window_though_others_have_moved_the_clock_on() {
    let (store, later) = (Memory::new(64), now() + Duration::from_secs(1));
    for algorithm in [Algorithm::FixedWindow, Algorithm::SlidingWindow, Algorithm::Gcra] {
        let name = format!("{algorithm:?}");
        let policies = Policies::new([Policy::per_minute(&name, 5).algorithm(algorithm)]);
        // In all parts of the store somebody was later.
        for key in keys(1_000) {
            take(&store, key, &policies, 0, later);
        }
        let ask = Ask::new(key(), &policies, 1, later - Duration::from_millis(500));
        let charged = store.take(&ask);
        store.give_back(&ask, &charged);
        assert_eq!(remaining(&store.look(&ask)), [5], "{algorithm:?}");
    }
}

#[test]
fn another_algorithm_of_the_same_name_begins_anew() {
    let (store, key, at) = (Memory::default(), key(), now());
    let by = |algorithm| Policies::new([Policy::per_hour("hour", 100).algorithm(algorithm)]);
    assert!(admits(&store, key, &by(Algorithm::FixedWindow), 1, at));
    let gcra = take(&store, key, &by(Algorithm::Gcra), 1, at);
    assert_eq!(remaining(&gcra), [99], "an hour of a window is not an hour's worth of units");
}

#[test]
fn a_cost_that_no_policy_holds_is_refused_however_large_it_is() {
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
fn spent_keys_make_room_as_others_come() {
    let (store, at) = (Memory::new(1_000), now());
    let policies = Policies::new([Policy::per_second("second", 10)]);
    let keys = keys(200_000);
    for (index, key) in keys.iter().enumerate() {
        // A thousand new ones a second, of which each is spent after a tenth of one.
        let at = at + Duration::from_millis(index as u64);
        assert!(admits(&store, *key, &policies, 1, at), "{index}");
    }
    assert_eq!(store.overflows(), 0);
    assert!(store.held() <= 1_000);
}

#[test]
fn a_request_that_began_before_the_last_one_is_counted_as_any_other() {
    let (store, key, at) = (Memory::default(), key(), now() + Duration::from_secs(10));
    for algorithm in [Algorithm::Gcra, Algorithm::FixedWindow, Algorithm::SlidingWindow] {
        let name = format!("{algorithm:?}");
        let policies = Policies::new([Policy::per_minute(&name, 2).algorithm(algorithm)]);
        assert!(admits(&store, key, &policies, 1, at));
        assert!(admits(&store, key, &policies, 1, at - Duration::from_secs(5)));
        assert!(!admits(&store, key, &policies, 1, at - Duration::from_secs(5)));
    }
}
