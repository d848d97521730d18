use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

use battlement_core::{Rejection, RejectionKind};
use battlement_retry::{Budget as OurBudget, RetryLayer};
use battlement_testkit::{
    probe::{Probe, Reply},
    upstream::{Behavior, Upstream},
};
use tokio::time::Instant;
use tower::{
    Layer as _, ServiceExt as _,
    retry::budget::{Budget as _, TpsBudget},
    service_fn,
};
use tower_resilience_circuitbreaker::{CircuitBreakerError, CircuitBreakerLayer};
use tower_resilience_retry::{RetryBudgetBuilder, RetryLayer as TowerResilience};

use crate::{Answer, BROKEN, Call, get, peers};

const WINDOW: Duration = Duration::from_secs(10);
const REQUESTS: usize = 1_000;

/// Returns how many retries the budget of tower allows for 1,000 requests.
fn retries_of_tower(ratio: f32) -> usize {
    let budget = TpsBudget::new(WINDOW, 0, ratio);
    (0..REQUESTS).for_each(|_| budget.deposit());
    (0..2 * REQUESTS).filter(|_| budget.withdraw()).count()
}

fn retries_of_ours(ratio: f64) -> usize {
    let (budget, now) = (OurBudget::new(ratio, 0), Instant::now());
    (0..REQUESTS).for_each(|_| budget.deposit(now));
    let spends = || budget.withdraw(now, 1).map(|permit| permit.spend()).is_some();
    (0..2 * REQUESTS).filter(|_| spends()).count()
}

#[tokio::test(start_paused = true)]
async fn towers_budget_lets_every_request_be_repeated_for_a_ratio_above_a_half() {
    for (ratio, of_tower) in [(0.3, 333), (0.4, 500), (0.6, 1_000), (0.7, 1_000), (0.9, 1_000)] {
        assert_eq!(retries_of_tower(ratio), of_tower);
        assert_eq!(retries_of_ours(f64::from(ratio)), (ratio * 1_000.0).round() as usize);
    }
}

/// Lets two threads take the only retry of each budget at the same time, and returns whether both got one.
fn overdraws<B: Sync>(budgets: &[B], take: impl Fn(&B) -> bool + Sync) -> bool {
    let arrived = AtomicUsize::new(0);
    let take_all = || {
        let take = |(round, budget)| {
            arrived.fetch_add(1, SeqCst);
            while arrived.load(SeqCst) < 2 * (round + 1) {
                thread::yield_now();
            }
            take(budget)
        };
        budgets.iter().enumerate().map(take).collect::<Vec<_>>()
    };
    let (one, two) = thread::scope(|scope| {
        let other = scope.spawn(take_all);
        (take_all(), other.join().unwrap())
    });
    one.iter().zip(two).any(|(one, two)| *one && two)
}

const ROUNDS: usize = 10_000;

#[test]
fn towers_budget_is_overdrawn_by_two_threads() {
    let make = |_| {
        let budget = TpsBudget::new(WINDOW, 0, 1.0);
        budget.deposit();
        budget
    };
    let budgets = || (0..ROUNDS).map(make).collect::<Vec<_>>();
    assert!((0..100).any(|_| overdraws(&budgets(), TpsBudget::withdraw)));

    let now = Instant::now();
    let make = |_| {
        let budget = OurBudget::new(1.0, 0);
        budget.deposit(now);
        budget
    };
    let budgets: Vec<_> = (0..ROUNDS).map(make).collect();
    assert!(!overdraws(&budgets, |budget| {
        budget.withdraw(now, 1).map(|permit| permit.spend()).is_some()
    }));
}

#[tokio::test]
async fn no_peer_has_a_budget_unless_configured() {
    for _ in 0..100 {
        let down = || {
            let probe = Probe::new();
            probe.always(crate::unavailable());
            probe
        };
        assert_eq!(peers::attempts(down).await, [3; 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn our_default_budget_allows_a_fifth_of_the_requests_and_ten() {
    let probe = Probe::new();
    probe.always(Reply::error(BROKEN).after_polls(1));
    let service = RetryLayer::http().layer(probe.clone());
    let call = |_| service.clone().oneshot(get());
    futures_util::future::join_all((0..REQUESTS).map(call)).await;
    assert_eq!(probe.counts().calls, REQUESTS + REQUESTS / 5 + 10);
}

#[tokio::test(start_paused = true)]
async fn a_local_rejection_takes_no_budget_and_no_wait_in_ours() {
    let (budget, start) = (OurBudget::default(), Instant::now());
    let rejects =
        service_fn(async |_| Err::<Answer, _>(Rejection::new(RejectionKind::CircuitOpen)));
    let service = RetryLayer::http().budget(budget.clone()).layer(rejects);
    let error = service.oneshot(get()).await.unwrap_err();
    assert_eq!(error.kind(), RejectionKind::CircuitOpen);
    assert_eq!((budget.remaining(start), start.elapsed()), (10, Duration::ZERO));
}

#[tokio::test]
async fn reqwests_default_policy_has_no_budget() {
    let upstream = Upstream::start().await.unwrap();
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for _ in 0..100 {
        let refused =
            client.get(upstream.url("/")).header(Behavior::HEADER, Behavior::RefuseStream);
        refused.send().await.unwrap_err();
    }
    assert_eq!(upstream.counts().refused, 300);
}

#[tokio::test(start_paused = true)]
async fn tower_resiliences_budget_allows_a_retry_for_each_success() {
    let budget = RetryBudgetBuilder::new().token_bucket().tokens_per_second(0.0);
    let budget = budget.max_tokens(REQUESTS).initial_tokens(0).build().unwrap();
    let probe = Probe::new();
    let service = peers::of_tower_resilience().budget(budget).build().layer(probe.clone());
    for _ in 0..REQUESTS {
        service.clone().oneshot(get()).await.unwrap();
    }
    probe.always(crate::unavailable());
    for _ in 0..REQUESTS {
        service.clone().oneshot(get()).await.unwrap();
    }
    assert_eq!(probe.counts().calls, 3 * REQUESTS);
}

#[tokio::test(start_paused = true)]
async fn a_rejection_by_an_open_breaker_takes_tokens_and_waits_in_tower_resilience() {
    let budget = RetryBudgetBuilder::new().token_bucket().tokens_per_second(0.0);
    let budget = budget.max_tokens(10).build().unwrap();
    let (breaker, handle) = CircuitBreakerLayer::builder().build_with_handle().unwrap();
    handle.force_open().await;
    let (probe, start) = (Probe::new(), Instant::now());
    let layer = TowerResilience::<Call, Answer, _>::builder().budget(budget.clone()).build();
    let error = layer.layer(breaker.layer(probe.clone())).oneshot(get()).await.unwrap_err();
    assert!(matches!(error, CircuitBreakerError::OpenCircuit));
    assert_eq!((budget.balance(), probe.counts().calls), (8, 0));
    assert_eq!(start.elapsed(), Duration::from_millis(300));
}

#[tokio::test]
async fn reqwests_budget_lets_every_request_be_repeated_for_a_ratio_above_a_half() {
    let upstream = Upstream::start().await.unwrap();
    let policy = peers::unless_ok().max_extra_load(0.7).max_retries_per_request(1);
    let client = reqwest::Client::builder().retry(policy).build().unwrap();
    for _ in 0..300 {
        client.get(upstream.url("/")).send().await.unwrap();
    }
    for _ in 0..500 {
        let failing = client.get(upstream.url("/")).header(Behavior::HEADER, Behavior::Error);
        assert_eq!(failing.send().await.unwrap().status(), 500);
    }
    // It allows ten retries a second, which are 100 in its window, and one for each success.
    assert_eq!(upstream.counts().received, 300 + 500 + 100 + 300);
}
