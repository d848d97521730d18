//! Calls of any service, by a policy of the user's own, in paused time.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::Deadline;
use battlement_retry::{
    Attempt, AttemptOutcome, Backoff, Budget, Budgets, Jitter, Next, Observe, RetryLayer,
    RetryPolicy, StopReason,
};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Repeats errors and odd numbers, and copies requests that are not zero.
#[derive(Clone, Copy)]
struct UntilEven {
    next: Next,
    most: u32,
}

impl RetryPolicy<u32, u32, io::Error> for UntilEven {
    fn clone_request(&self, request: &u32) -> Option<u32> {
        (*request > 0).then_some(*request)
    }

    fn next(&self, attempt: &Attempt, result: Result<&u32, &io::Error>) -> Next {
        let is_good = result.is_ok_and(|number| number % 2 == 0);
        if is_good || attempt.number() > self.most { Next::Stop } else { self.next }
    }
}

/// The same policy for tower's layer, which has neither waits nor limits of its own.
#[derive(Clone)]
struct Tower {
    policy: UntilEven,
    number: u32,
}

impl tower::retry::Policy<u32, u32, io::Error> for Tower {
    type Future = tokio::time::Sleep;

    fn retry(&mut self, _: &mut u32, result: &mut io::Result<u32>) -> Option<Self::Future> {
        let is_good = result.as_ref().is_ok_and(|number| number % 2 == 0);
        self.number += 1;
        let wait = match self.policy.next {
            Next::AgainAfter(wait) => wait,
            _ => return None,
        };
        (!is_good && self.number <= self.policy.most).then(|| sleep(wait))
    }

    fn clone_request(&mut self, request: &u32) -> Option<u32> {
        self.policy.clone_request(request)
    }
}

type Replies = VecDeque<Option<u32>>;

/// Calls a service that replies in turn, and then with 2; each call takes 3 ms. Returns the result, the number of
/// attempts and the time.
async fn outcome<S>(
    apply: impl FnOnce(Inner) -> S,
    request: u32,
    replies: Replies,
) -> (Option<u32>, usize, Duration)
where
    S: Service<u32, Response = u32, Error = io::Error>,
{
    let seen = Arc::new(Mutex::new(0));
    let inner = Inner { replies: Arc::new(Mutex::new(replies)), seen: seen.clone() };
    let start = Instant::now();
    let result = apply(inner).oneshot(request).await;
    let seen = *seen.lock().unwrap();
    (result.ok(), seen, start.elapsed())
}

#[derive(Clone)]
struct Inner {
    replies: Arc<Mutex<Replies>>,
    seen: Arc<Mutex<usize>>,
}

impl Service<u32> for Inner {
    type Response = u32;
    type Error = io::Error;
    type Future = futures_util::future::BoxFuture<'static, io::Result<u32>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), io::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: u32) -> Self::Future {
        *self.seen.lock().unwrap() += 1;
        let reply = self.replies.lock().unwrap().pop_front().unwrap_or(Some(2));
        Box::pin(async move {
            sleep(3 * MILLISECOND).await;
            reply.ok_or_else(|| io::ErrorKind::BrokenPipe.into())
        })
    }
}

proptest! {
    #[test]
    fn a_call_has_the_attempts_and_the_result_that_it_has_with_towers_retry(
        request in 0..3_u32,
        replies in prop::collection::vec(prop::option::of(0..5_u32), 0..8),
        wait in 0..50_u64,
        most in 0..6_u32,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let next = Next::AgainAfter(Duration::from_millis(wait));
        let policy = UntilEven { next, most };
        let ours = RetryLayer::new(policy).attempts(100).budget(Budgets::Unlimited);
        let towers = tower::retry::RetryLayer::new(Tower { policy, number: 0 });
        let (ours, towers) = runtime.block_on(async {
            let ours = outcome(|inner| ours.layer(inner), request, replies.clone().into()).await;
            (ours, outcome(|inner| towers.layer(inner), request, replies.into()).await)
        });
        prop_assert_eq!(ours, towers);
    }
}

fn again() -> UntilEven {
    UntilEven { next: Next::Again, most: u32::MAX }
}

#[tokio::test(start_paused = true)]
async fn a_failed_call_has_three_attempts_with_the_backoff_between_them() {
    let replies = || Replies::from([None, Some(1), Some(3), Some(4)]);
    let backoff = Backoff::new(Jitter::Equal, 100 * MILLISECOND, 200 * MILLISECOND);
    let layer = RetryLayer::new(again()).backoff(backoff);
    let (result, attempts, time) = outcome(|inner| layer.layer(inner), 1, replies()).await;
    assert_eq!((result, attempts), (Some(3), 3));
    // Three calls of 3 ms, and waits of 50 to 100 and of 100 to 200 ms; timers tick in whole milliseconds.
    assert!((159..=311).contains(&time.as_millis()), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_policy_does_not_copy_is_sent_once() {
    let (result, attempts, _) =
        outcome(|inner| RetryLayer::new(again()).layer(inner), 0, [None].into()).await;
    assert_eq!((result, attempts), (None, 1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_a_policy_is_exact_and_limited() {
    let of = async |wait: Duration| {
        let policy = UntilEven { next: Next::AgainAfter(wait), most: u32::MAX };
        let layer = RetryLayer::new(policy);
        outcome(|inner| layer.layer(inner), 1, [None].into()).await
    };
    let (result, _, time) = of(2_000 * MILLISECOND).await;
    assert_eq!((result, time), (Some(2), 2_006 * MILLISECOND));
    assert_eq!(of(2_001 * MILLISECOND).await.1, 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_with_a_deadline_is_not_repeated_after_it() {
    let policy = UntilEven { next: Next::AgainAfter(50 * MILLISECOND), most: u32::MAX };
    let layer = RetryLayer::new(policy);
    let service = layer.layer(service_fn(async |_: u32| {
        Err::<u32, _>(io::Error::from(io::ErrorKind::BrokenPipe))
    }));
    let start = Instant::now();
    let deadline = Deadline::after(start, 80 * MILLISECOND);
    let mut call = Box::pin(service.oneshot(1));
    let limited = std::future::poll_fn(|cx| deadline.limit(|| call.as_mut().poll(cx)));
    limited.await.unwrap_err();
    assert_eq!(start.elapsed(), 50 * MILLISECOND);
}

#[tokio::test(start_paused = true)]
async fn two_clients_that_fail_together_do_not_retry_together() {
    let backoff = Backoff::new(Jitter::Full, 1_000 * MILLISECOND, 1_000 * MILLISECOND);
    let layer = RetryLayer::new(again()).backoff(backoff).longest_wait(10_000 * MILLISECOND);
    let layer = layer.budget(Budgets::Unlimited);
    let mut times = std::collections::HashSet::new();
    for _ in 0..20 {
        let (_, _, time) = outcome(|inner| layer.layer(inner), 1, [None].into()).await;
        times.insert(time);
    }
    // At the cap and in whole seconds, where other layers have no jitter.
    assert!(times.len() > 10, "{times:?}");
}

/// Copies a request once, as if its body were lost then.
#[derive(Clone, Default)]
struct CopiedOnce(Arc<Mutex<u32>>);

impl RetryPolicy<u32, u32, io::Error> for CopiedOnce {
    fn clone_request(&self, request: &u32) -> Option<u32> {
        *self.0.lock().unwrap() += 1;
        (*self.0.lock().unwrap() == 1).then_some(*request)
    }

    fn next(&self, _: &Attempt, _: Result<&u32, &io::Error>) -> Next {
        Next::Again
    }
}

#[derive(Default)]
struct Seen(Mutex<Vec<&'static str>>);

impl Observe for Seen {
    fn attempt(&self, outcome: AttemptOutcome) {
        self.0.lock().unwrap().push(outcome.as_str());
    }

    fn retry(&self, _: Duration) {
        self.0.lock().unwrap().push("retry");
    }

    fn stopped(&self, reason: StopReason) {
        self.0.lock().unwrap().push(reason.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_whose_request_cannot_be_made_is_not_observed() {
    let (seen, budget) = (Arc::new(Seen::default()), Budget::default());
    let layer = RetryLayer::new(CopiedOnce::default()).observe(seen.clone()).budget(budget.clone());
    let (_, attempts, _) = outcome(|inner| layer.layer(inner), 1, [None].into()).await;
    assert_eq!((attempts, budget.remaining(Instant::now())), (1, 10));
    assert_eq!(*seen.0.lock().unwrap(), ["failed", "not_idempotent"]);
}
