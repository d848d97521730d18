//! The promises of a remote store whose server is stopped, slow, or lies about its clock. Each test also shows that its
//! condition is not met without the trouble, or by a store without the promise.

use std::time::Duration;

use battlement_rate_limit::{
    Decision, KeyHash, Outcome, Policies, Policy, Query, Source, Store as _, StoreError,
    remote::{OnFailure, State},
};
use tokio::{join, time::Instant};

use crate::{
    remote::{Lie, Remote},
    trouble::{DEADLINE, HALF, Shop, Trouble},
};

const KEY: KeyHash = KeyHash::from_bits(1);
const QUOTA: u32 = 8;
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn daily() -> Policies {
    Policies::from(Policy::per_day("day", QUOTA))
}

async fn acquire(store: &Remote) -> Result<Outcome, StoreError> {
    store.acquire(&Query::new(KEY, &daily(), 1, Instant::now())).await
}

async fn peek(store: &Remote) -> Outcome {
    store.peek(&Query::new(KEY, &daily(), 1, Instant::now())).await.unwrap()
}

/// Returns the sources of the answers to requests one after another, and whether each was allowed.
async fn answers(store: &Remote) -> Vec<(Option<Source>, bool)> {
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(match acquire(store).await {
            Ok(outcome) => (Some(outcome.source), !outcome.is_denied(&daily())),
            Err(_) => (None, false),
        });
    }
    answers
}

/// Asserts that a store with this policy gives these answers in each trouble, and others before.
async fn assert_applied(on_failure: OnFailure, expected: [(Option<Source>, bool); 6]) {
    for trouble in Trouble::ALL {
        let shop = Shop::open(on_failure, DEADLINE).await;
        assert_eq!(answers(&shop.store).await, [(Some(Remote::SOURCE), true); 6]);
        shop.begin(trouble);
        assert_eq!(answers(&shop.store).await, expected, "{trouble:?}");
        shop.reach(State::Down).await;
        let later = acquire(&shop.store).await.map(|outcome| outcome.source);
        assert_eq!(later.ok(), expected[5].0, "{trouble:?}, known to be down");
    }
}

#[tokio::test(start_paused = true)]
async fn deny_rejects_while_the_server_is_stopped_slow_or_lies_about_its_clock() {
    assert_applied(OnFailure::Deny, [(None, false); 6]).await;
}

#[tokio::test(start_paused = true)]
async fn allow_admits_while_the_server_is_stopped_slow_or_lies_about_its_clock() {
    assert_applied(OnFailure::Allow, [(Some(Source::FAILURE), true); 6]).await;
}

#[tokio::test(start_paused = true)]
async fn a_local_fallback_admits_its_share_while_the_server_is_stopped_slow_or_lies_about_its_clock()
 {
    let [yes, no] = [true, false].map(|allowed| (Some(Source::FALLBACK), allowed));
    assert_applied(HALF, [yes, yes, yes, yes, no, no]).await;
}

/// Returns the longest time until an answer, for concurrent requests before and after the trouble is known.
async fn longest(shop: &Shop) -> Duration {
    let timed = async || {
        let began = Instant::now();
        let _ = acquire(&shop.store).await;
        began.elapsed()
    };
    let mut longest = Duration::ZERO;
    for _ in 0..10 {
        let (one, other) = join!(timed(), timed());
        longest = longest.max(one).max(other);
    }
    longest
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_until_the_deadline_and_no_longer() {
    for (trouble, expected) in
        [(Trouble::Stopped, DEADLINE), (Trouble::Slow, DEADLINE), (Trouble::Lying, DEADLINE / 10)]
    {
        let shop = Shop::open(HALF, DEADLINE).await;
        shop.begin(trouble);
        let longest = longest(&shop).await;
        assert!(longest <= expected, "{trouble:?}: {longest:?}");
    }
    let patient = Shop::open(HALF, 4 * DEADLINE).await;
    patient.begin(Trouble::Stopped);
    assert_eq!(longest(&patient).await, 4 * DEADLINE, "another deadline is measured");
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_is_known_delays_no_request_and_sends_no_message() {
    let shop = Shop::open(HALF, DEADLINE).await;
    let ask = async || {
        let (began, before) = (Instant::now(), shop.messages());
        let _ = acquire(&shop.store).await;
        (began.elapsed(), shop.messages() - before)
    };
    assert_ne!(ask().await.1, 0, "a server that answers is asked");
    shop.begin(Trouble::Stopped);
    assert_eq!(ask().await, (DEADLINE, 1), "the outage is not known yet");
    shop.reach(State::Down).await;
    assert_eq!(ask().await, (Duration::ZERO, 0));
}

#[tokio::test(start_paused = true)]
async fn a_single_late_answer_opens_no_circuit_breaker() {
    let shop = Shop::open(OnFailure::Deny, DEADLINE).await;
    for (is_over, expected) in [(true, true), (false, false)] {
        shop.begin(Trouble::Slow);
        assert_eq!(acquire(&shop.store).await.unwrap_err(), StoreError::Timeout);
        if is_over {
            shop.end(Trouble::Slow);
        }
        tokio::time::sleep(2 * DEADLINE).await;
        let is_asked = acquire(&shop.store).await != Err(StoreError::Unavailable);
        assert_eq!(is_asked, expected, "the server answers the probe: {is_over}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_again_decides_again_and_has_charged_no_late_request() {
    for trouble in Trouble::ALL {
        let shop = Shop::open(OnFailure::Allow, DEADLINE).await;
        assert_eq!(acquire(&shop.store).await.unwrap().states[0].remaining, QUOTA - 1);
        shop.begin(trouble);
        for _ in 0..3 {
            assert_eq!(acquire(&shop.store).await.unwrap().source, Source::FAILURE);
        }
        shop.reach(State::Down).await;
        shop.end(trouble);
        shop.reach(State::Up).await;
        assert_eq!(peek(&shop.store).await.states[0].remaining, QUOTA - 1, "{trouble:?}");
        assert_eq!(acquire(&shop.store).await.unwrap().source, Remote::SOURCE);
    }
    // A server whose clock is behind does not know that a request is late.
    let shop = Shop::open(OnFailure::Allow, DEADLINE).await;
    shop.store.server().lie(Lie::Behind(DAY));
    shop.begin(Trouble::Stopped);
    assert_eq!(acquire(&shop.store).await.unwrap().source, Source::FAILURE);
    shop.end(Trouble::Stopped);
    shop.reach(State::Up).await;
    assert_eq!(peek(&shop.store).await.states[0].remaining, QUOTA - 1, "the request is charged");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_delays_no_answer_and_makes_no_wait_longer_than_the_period() {
    let shop = Shop::open(OnFailure::Deny, DEADLINE).await;
    let mut denials = 0;
    for nth in 0..200 {
        // Only clocks that are behind decide; the others refuse each request as late.
        let by = DAY * [0, 3_650, 1, 365][nth % 4] + Duration::from_millis(nth as u64);
        shop.store.server().lie(Lie::Behind(by));
        let began = Instant::now();
        let outcome = acquire(&shop.store).await.unwrap();
        assert!(began.elapsed() <= DEADLINE, "{:?}", began.elapsed());
        assert_eq!(outcome.source, Remote::SOURCE);
        if let Decision::Deny { wait } = outcome.states[0].decision {
            denials += 1;
            assert!(wait.is_some_and(|wait| wait <= DAY), "{wait:?}");
        }
    }
    assert!(denials > 20, "{denials} requests were denied");
}

#[tokio::test(start_paused = true)]
async fn a_denied_client_is_denied_again_without_a_message_until_a_refund() {
    for (denials, is_cached) in [(100, true), (0, false)] {
        let shop = Shop::with_denials(OnFailure::Deny, DEADLINE, denials).await;
        let charged = acquire(&shop.store).await.unwrap();
        for _ in 1..QUOTA {
            acquire(&shop.store).await.unwrap();
        }
        assert!(acquire(&shop.store).await.unwrap().is_denied(&daily()));
        let before = shop.messages();
        let again = acquire(&shop.store).await.unwrap();
        assert!(again.is_denied(&daily()));
        assert_eq!(
            (again.source == Source::DENY_CACHE, shop.messages() == before),
            (is_cached, is_cached)
        );
        let policies = daily();
        shop.store.refund(&Query::new(KEY, &policies, 1, Instant::now()), &charged).await.unwrap();
        assert!(!acquire(&shop.store).await.unwrap().is_denied(&policies));
    }
}

#[tokio::test(start_paused = true)]
async fn the_supervisor_of_a_dropped_store_ends() {
    let shop = Shop::open(OnFailure::Deny, DEADLINE).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_ne!(tasks(), 0);
    drop(shop);
    assert!(battlement_testkit::eventually(DEADLINE, || tasks() == 0).await, "{} tasks", tasks());
}

mod alone {
    use super::*;

    /// The time beyond the deadline that an answer may take.
    const SLACK: Duration = Duration::from_millis(25);

    /// Returns the time by which timers are late until `future` is ready, since the machine is busy.
    async fn lateness_until(future: impl Future<Output = ()>) -> Duration {
        const TICK: Duration = Duration::from_millis(5);
        let (mut future, mut late) = (std::pin::pin!(future), Duration::ZERO);
        loop {
            let began = Instant::now();
            let is_ready = tokio::time::timeout(TICK, future.as_mut()).await.is_ok();
            // Timers have a resolution of a millisecond.
            late += began.elapsed().saturating_sub(TICK + Duration::from_millis(2));
            if is_ready {
                return late;
            }
        }
    }

    /// Returns by how much the answers to requests exceed the deadline, in some outages, beyond what timers are late.
    async fn excess(shop: &Shop, trouble: Trouble, outages: usize) -> Duration {
        let mut excess = Duration::ZERO;
        for _ in 0..outages {
            shop.begin(trouble);
            for _ in 0..6 {
                let began = Instant::now();
                let late = lateness_until(async { drop(acquire(&shop.store).await) }).await;
                excess = excess.max(began.elapsed().saturating_sub(DEADLINE + 2 * late));
            }
            shop.end(trouble);
            shop.reach(State::Up).await;
        }
        excess
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn answers_arrive_within_the_deadline_whatever_happens_to_the_server() {
        for trouble in Trouble::ALL {
            let shop = Shop::open(HALF, DEADLINE).await;
            let excess = excess(&shop, trouble, 6).await;
            assert!(excess <= SLACK, "{trouble:?}: {excess:?}");
        }
        let patient = Shop::open(HALF, 4 * DEADLINE).await;
        let excess = excess(&patient, Trouble::Stopped, 1).await;
        assert!(excess > SLACK, "a longer deadline is noticed: {excess:?}");
    }
}
