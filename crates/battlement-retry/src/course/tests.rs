use std::sync::Mutex;

use super::*;
use crate::{Backoff, Jitter, Observe, Throttle, latency::LEAST_SAMPLES, observe::Observer};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

const ASK: Ask = Ask { wait: Wait::Backoff, is_timeout: false, is_unprocessed_only: false };

fn course(config: Config) -> Course {
    let budget = config.budgets.shared();
    Course::new(Arc::new(config), budget, Instant::now(), None)
}

fn plan(course: &Course, ask: Ask) -> Result<Pause, StopReason> {
    course.plan(ask, None, Instant::now())
}

/// Makes a retry at once.
fn retry(course: &mut Course, ask: Ask) -> Result<(), StopReason> {
    let pause = plan(course, ask)?;
    course.wait_for(&pause);
    course.next(pause, Instant::now());
    Ok(())
}

#[test]
fn a_call_has_as_many_attempts_as_are_set() {
    let mut course = course(Config { attempts: 4, ..Config::default() });
    for number in 1..4 {
        assert_eq!((course.number(), course.is_last()), (number, false));
        retry(&mut course, ASK).unwrap();
    }
    assert_eq!((course.number(), course.is_last()), (4, true));
    assert_eq!(retry(&mut course, ASK), Err(StopReason::Exhausted));
}

#[test]
fn a_request_that_is_not_idempotent_is_repeated_once() {
    let unprocessed = Ask { is_unprocessed_only: true, ..ASK };
    let mut course = course(Config { attempts: 10, ..Config::default() });
    retry(&mut course, unprocessed).unwrap();
    assert_eq!(retry(&mut course, unprocessed), Err(StopReason::NotIdempotent));
    retry(&mut course, ASK).unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_wait_leaves_time_for_an_attempt() {
    let config = Config::default();
    let latencies = Arc::clone(&config.latencies);
    let course = course(config);
    let now = Instant::now();
    let plan = |left: Duration| {
        let ask = Ask { wait: Wait::Exactly(SECOND), ..ASK };
        course.plan(ask, Some(Deadline::after(now, left)), now).map(drop)
    };
    // Before any is measured, an attempt counts as 5 ms.
    assert_eq!(plan(SECOND + 4 * MILLISECOND), Err(StopReason::Deadline));
    assert_eq!(plan(SECOND + 5 * MILLISECOND), Ok(()));
    for _ in 0..LEAST_SAMPLES {
        latencies.record(100 * MILLISECOND);
    }
    assert_eq!(plan(SECOND + 99 * MILLISECOND), Err(StopReason::Deadline));
    assert_eq!(plan(SECOND + 113 * MILLISECOND), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn only_successful_attempts_that_took_time_are_measured() {
    let config = Config::default();
    let latencies = Arc::clone(&config.latencies);
    let mut course = course(config);
    let measured = || latencies.percentile(100, 1);
    course.ended(AttemptOutcome::Success);
    assert_eq!(measured(), None);
    course.pending();
    tokio::time::advance(SECOND).await;
    course.ended(AttemptOutcome::Overload);
    assert_eq!(measured(), None);
    let pause = plan(&course, ASK).unwrap();
    course.next(pause, Instant::now());
    course.ended(AttemptOutcome::Success);
    assert_eq!(measured(), None, "the attempt was ready at once");
    course.pending();
    tokio::time::advance(SECOND).await;
    course.ended(AttemptOutcome::Success);
    let time = measured().unwrap();
    assert!(time >= SECOND && time < SECOND * 9 / 8, "{time:?}");
}

#[test]
fn a_wait_that_is_too_long_ends_the_retry_and_takes_nothing_from_the_budget() {
    let config = Config { longest_wait: SECOND, ..Config::default() };
    let budget = config.budgets.shared().unwrap();
    let mut course = course(config);
    let left = budget.remaining(Instant::now());
    for wait in [Wait::Pushback, Wait::Exactly] {
        let ask = Ask { wait: wait(SECOND + MILLISECOND), ..ASK };
        assert_eq!(retry(&mut course, ask), Err(StopReason::Pushback));
        let ask = Ask { wait: wait(SECOND), ..ASK };
        assert!(plan(&course, ask).is_ok());
    }
    assert_eq!(budget.remaining(Instant::now()), left);
}

#[test]
fn a_named_time_is_spread_by_the_backoff_and_a_chosen_one_is_exact() {
    let backoff = Backoff::new(Jitter::Equal, 100 * MILLISECOND, SECOND);
    let course = course(Config { backoff, ..Config::default() });
    let wait = |wait, random| course.wait(wait, random).unwrap();
    assert_eq!(wait(Wait::Pushback(SECOND), 0), SECOND + 50 * MILLISECOND);
    assert_eq!(wait(Wait::Pushback(SECOND), u64::MAX), SECOND + 100 * MILLISECOND);
    assert_eq!(wait(Wait::Exactly(SECOND), u64::MAX), SECOND);
    assert_eq!(wait(Wait::Backoff, 0), 50 * MILLISECOND);
    assert_eq!(wait(Wait::Overload, 0), 250 * MILLISECOND);
}

#[test]
fn a_retry_after_a_timeout_can_cost_more() {
    let budget = Budget::new(0.0, 1);
    let budgets = budget.clone().into();
    let mut course = course(Config { timeout_cost: 4, budgets, attempts: 9, ..Config::default() });
    let timeout = Ask { is_timeout: true, ..ASK };
    retry(&mut course, ASK).unwrap();
    assert_eq!(budget.remaining(Instant::now()), 9);
    retry(&mut course, timeout).unwrap();
    retry(&mut course, timeout).unwrap();
    assert_eq!(retry(&mut course, timeout), Err(StopReason::Budget));
    retry(&mut course, ASK).unwrap();
}

#[test]
fn a_retry_that_the_throttle_rejects_is_given_back_to_the_budget() {
    let throttle = Throttle::new(1.0, 10 * SECOND);
    for _ in 0..200 {
        drop(throttle.begin(Instant::now(), u64::MAX));
    }
    let config = Config { throttle: Some(throttle), ..Config::default() };
    let budget = config.budgets.shared().unwrap();
    // Nine of ten are rejected.
    let results: Vec<_> = std::iter::repeat_with(|| plan(&course(config.clone()), ASK))
        .take(1_000)
        .map(|result| result.map(drop))
        .collect();
    assert!(results.contains(&Err(StopReason::Throttled)) && results.contains(&Ok(())));
    assert_eq!(budget.remaining(Instant::now()), 10);
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Observe for Seen {
    fn attempt(&self, outcome: AttemptOutcome) {
        self.0.lock().unwrap().push(outcome.as_str().to_owned());
    }

    fn retry(&self, wait: Duration) {
        self.0.lock().unwrap().push(format!("retry in {wait:?}"));
    }

    fn stopped(&self, reason: StopReason) {
        self.0.lock().unwrap().push(reason.as_str().to_owned());
    }
}

#[test]
fn an_observer_sees_attempts_retries_and_the_reason_of_the_end() {
    let seen = Arc::new(Seen::default());
    let observer = Observer::new(Arc::clone(&seen));
    let mut course = course(Config { observer, attempts: 2, ..Config::default() });
    course.ended(AttemptOutcome::Overload);
    retry(&mut course, Ask { wait: Wait::Exactly(SECOND), ..ASK }).unwrap();
    course.ended(AttemptOutcome::Server);
    course.stopped(StopReason::NotRetryable);
    let seen = seen.0.lock().unwrap();
    assert_eq!(*seen, ["overload", "retry in 1s", "server", "not_retryable"]);
}

#[test]
fn attempts_that_do_not_reach_the_service_do_not_count_in_the_throttle() {
    let throttle = Throttle::new(1.0, 10 * SECOND);
    let config = Config {
        throttle: Some(throttle.clone()),
        budgets: crate::Budgets::Unlimited,
        ..Config::default()
    };
    for _ in 0..200 {
        // A local layer rejects the first attempt, and the call is dropped while another one waits.
        let ticket = config.begin(Instant::now()).unwrap();
        Course::new(Arc::new(config.clone()), None, Instant::now(), ticket)
            .ended(AttemptOutcome::Rejected);
        drop(plan(&course(config.clone()), ASK).unwrap());
    }
    // As many that reach it do.
    for _ in 0..100 {
        assert!(throttle.begin(Instant::now(), 0).is_some());
    }
    assert!(throttle.begin(Instant::now(), 0).is_none());
}

#[test]
fn only_attempts_that_the_service_accepts_count_as_accepted_in_the_throttle() {
    for (outcome, is_accepted) in [
        (AttemptOutcome::Success, true),
        (AttemptOutcome::Server, true),
        (AttemptOutcome::Ignored, true),
        (AttemptOutcome::Overload, false),
        (AttemptOutcome::Timeout, false),
        (AttemptOutcome::Transport, false),
    ] {
        let throttle = Throttle::new(1.0, 10 * SECOND);
        let config = Config { throttle: Some(throttle.clone()), ..Config::default() };
        for _ in 0..100 {
            let ticket = config.begin(Instant::now()).unwrap();
            Course::new(Arc::new(config.clone()), None, Instant::now(), ticket).ended(outcome);
        }
        assert_eq!(throttle.begin(Instant::now(), 0).is_some(), is_accepted, "{outcome:?}");
    }
}

#[test]
fn a_wait_without_end_does_not_overflow_a_clock() {
    let config = Config { longest_wait: Duration::MAX, ..Config::default() };
    let (course, now) = (course(config), Instant::now());
    for wait in [Wait::Exactly, Wait::Pushback] {
        let ask = Ask { wait: wait(Duration::MAX), ..ASK };
        assert!(plan(&course, ask).unwrap().until > now + 1_000_000 * SECOND);
        let deadline = Some(Deadline::after(now, SECOND));
        assert_eq!(course.plan(ask, deadline, now).map(drop), Err(StopReason::Deadline));
    }
}
