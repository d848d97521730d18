//! The observer of a layer learns what happens to its calls.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    convert::Infallible,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_retry::{
    Attempt, AttemptOutcome, Backoff, Budget, Budgets, Jitter, Next, Observe, RetryLayer,
    RetryPolicy, StopReason,
};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

#[derive(Default)]
struct Seen {
    budgets: Mutex<Vec<Budgets>>,
    attempts: Mutex<Vec<AttemptOutcome>>,
    waits: Mutex<Vec<Duration>>,
    stopped: Mutex<Vec<StopReason>>,
}

impl Observe for Seen {
    fn applied(&self, budgets: &Budgets) {
        self.budgets.lock().unwrap().push(budgets.clone());
    }

    fn attempt(&self, outcome: AttemptOutcome) {
        self.attempts.lock().unwrap().push(outcome);
    }

    fn retry(&self, wait: Duration) {
        self.waits.lock().unwrap().push(wait);
    }

    fn stopped(&self, reason: StopReason) {
        self.stopped.lock().unwrap().push(reason);
    }
}

/// Repeats every error.
#[derive(Clone)]
struct Errors;

impl<E> RetryPolicy<u32, u32, E> for Errors {
    fn clone_request(&self, request: &u32) -> Option<u32> {
        Some(*request)
    }

    fn next(&self, _: &Attempt, result: Result<&u32, &E>) -> Next {
        if result.is_ok() { Next::Stop } else { Next::Again }
    }
}

#[tokio::test(start_paused = true)]
async fn the_observer_sees_each_attempt_and_wait_and_the_reason_of_the_end() {
    let seen = Arc::new(Seen::default());
    let backoff = Backoff::new(Jitter::Equal, Duration::from_secs(1), Duration::from_secs(1));
    let layer = RetryLayer::new(Errors).attempts(2).backoff(backoff).observe(Arc::clone(&seen));
    let down = layer.layer(service_fn(async |_: u32| Err::<u32, _>(io::Error::other("down"))));
    let start = Instant::now();
    down.oneshot(7).await.unwrap_err();
    assert_eq!(*seen.attempts.lock().unwrap(), [AttemptOutcome::Failed; 2]);
    let waits = seen.waits.lock().unwrap().clone();
    let [wait] = waits[..] else { panic!("{waits:?}") };
    // The timer has the precision of a millisecond.
    let waited = start.elapsed();
    assert!((wait..wait + Duration::from_millis(2)).contains(&waited), "{wait:?} {waited:?}");
    assert_eq!(*seen.stopped.lock().unwrap(), [StopReason::Exhausted]);
}

#[tokio::test(start_paused = true)]
async fn the_observer_gets_the_budget_that_the_layer_has_when_it_is_applied() {
    let (seen, budget) = (Arc::new(Seen::default()), Budget::new(0.0, 3));
    let layer = RetryLayer::new(Errors).observe(Arc::clone(&seen)).budget(budget.clone());
    assert!(seen.budgets.lock().unwrap().is_empty());
    let service = layer.layer(service_fn(async |n: u32| Ok::<_, Infallible>(n)));
    assert_eq!(service.oneshot(7).await, Ok(7));
    let budgets = seen.budgets.lock().unwrap().clone();
    let [Budgets::Shared(seen)] = &budgets[..] else { panic!("{budgets:?}") };
    assert!(seen.is_same(&budget));
    assert_eq!(budgets[0].remaining(Instant::now()), Some(30));
}
