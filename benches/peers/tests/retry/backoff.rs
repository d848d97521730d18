use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use battlement_retry::{Backoff, Jitter};
use battlement_testkit::probe::Probe;
use reqwest_retry::{RetryDecision, RetryPolicy as _, policies::ExponentialBackoff};
use tokio::time::Instant;
use tower::{
    Layer as _, ServiceExt as _,
    retry::backoff::{Backoff as _, ExponentialBackoffMaker, MakeBackoff as _},
    util::rng::HasherRng,
};
use tower_resilience_retry::{ExponentialRandomBackoff, IntervalFunction as _};

use crate::{
    get,
    ours::{Waits, ours},
    peers::of_seatbelt,
    unavailable,
};

const SECOND: Duration = Duration::from_secs(1);
const TENTH: Duration = Duration::from_millis(100);
/// The highest jitter of tower's default.
const JITTER: f64 = 0.99;

fn maker(min: Duration, max: Duration) -> ExponentialBackoffMaker {
    ExponentialBackoffMaker::new(min, max, JITTER, HasherRng::default()).unwrap()
}

/// Returns the first waits of a session of the maker.
fn waits(maker: &mut ExponentialBackoffMaker, count: usize) -> Vec<Duration> {
    let mut session = maker.make_backoff();
    let wait = |_| session.next_backoff().deadline() - Instant::now();
    (0..count).map(wait).collect()
}

#[tokio::test(start_paused = true)]
async fn towers_jitter_is_the_same_for_all_sessions_of_a_maker() {
    let mut maker = maker(TENTH, 100 * TENTH);
    let first = waits(&mut maker, 4);
    assert!(first[0] > TENTH);
    for _ in 0..100 {
        assert_eq!(waits(&mut maker, 4), first);
    }
}

#[tokio::test(start_paused = true)]
async fn our_jitter_differs_between_calls_at_the_cap_and_for_a_whole_second() {
    let (probe, waits) = (Probe::new(), Waits::default());
    probe.always(unavailable());
    let layer = ours().attempts(2).observe(waits.clone());
    for base in [TENTH, SECOND] {
        let layer = layer.clone().overload_backoff(Backoff::new(Jitter::Full, base, base));
        for _ in 0..100 {
            layer.layer(probe.clone()).oneshot(get()).await.unwrap();
        }
        let waits: HashSet<_> = waits.take().into_iter().collect();
        assert!(waits.len() > 90 && waits.iter().all(|wait| *wait <= base), "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn towers_jitter_is_zero_at_the_cap() {
    let mut thirds = HashSet::new();
    for _ in 0..100 {
        let waits = waits(&mut maker(TENTH, 8 * TENTH), 6);
        thirds.insert(waits[2]);
        assert_eq!(waits[3..], [8 * TENTH; 3]);
    }
    assert!(thirds.len() > 10);
}

#[tokio::test(start_paused = true)]
async fn towers_jitter_is_zero_for_a_base_of_one_second() {
    for _ in 0..100 {
        let waits = waits(&mut maker(SECOND, 100 * SECOND), 3);
        assert_eq!(waits[0], SECOND);
        assert!(waits[1..].iter().all(|wait| wait.subsec_nanos() == 0), "{waits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn tower_resilience_waits_without_jitter_unless_configured() {
    let start = Instant::now();
    let probe = Probe::new();
    probe.always(unavailable());
    let layer = tower_resilience_retry::RetryLayer::builder()
        .retry_on_response(|answer: &crate::Answer| answer.status() == 503)
        .build();
    layer.layer(probe.clone()).oneshot(get()).await.unwrap();
    assert_eq!((probe.counts().calls, start.elapsed()), (3, 3 * TENTH));
}

#[test]
fn tower_resiliences_random_waits_exceed_their_maximum() {
    let backoff = ExponentialRandomBackoff::new(TENTH, 0.5).unwrap().max_interval(TENTH);
    let longest = (0..1_000).map(|_| backoff.next_interval(9)).max().unwrap();
    assert!(longest > TENTH * 5 / 4, "{longest:?}");
}

/// Returns the wait of reqwest-retry before a retry.
fn wait(policy: &ExponentialBackoff, past: u32) -> Duration {
    let RetryDecision::Retry { execute_after } = policy.should_retry(SystemTime::now(), past)
    else {
        panic!("the policy gives up")
    };
    execute_after.duration_since(SystemTime::now()).unwrap_or_default()
}

#[test]
fn reqwest_retry_waits_up_to_half_an_hour_unless_configured() {
    let policy = ExponentialBackoff::builder().build_with_max_retries(20);
    let mut waits: Vec<_> = (0..1_000).map(|_| wait(&policy, 15)).collect();
    waits.sort();
    assert!(waits[0] < 180 * SECOND && waits[999] > 1_500 * SECOND && waits[999] <= 1_800 * SECOND);
    waits.dedup();
    assert!(waits.len() > 900);
}

#[tokio::test]
async fn seatbelts_jitter_is_zero_at_the_cap() {
    let cap = Duration::from_micros(500);
    let waits = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&waits);
    let layer = of_seatbelt()
        .max_retry_attempts(20)
        .max_delay(cap)
        .on_retry(move |_, args| record.lock().unwrap().push(args.retry_delay()));
    let probe = Probe::new();
    probe.always(unavailable());
    layer.layer(probe).oneshot(get()).await.unwrap();
    assert_eq!(waits.lock().unwrap()[14..], [cap; 6]);
}
