//! The limits that keep a copy from being sent.

use std::sync::Arc;

use battlement_core::{CallFacts, Deadline};
use battlement_retry::{Attempts, Budget, Budgets, HedgeLayer, StopReason};
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _, limit::ConcurrencyLimitLayer};

use crate::support::{Counts, DELAY, MILLISECOND, Upstream, get, status};

#[tokio::test(start_paused = true)]
async fn a_spent_budget_sends_no_copy() {
    let (budget, counts) = (Budget::new(0.0, 1), Arc::new(Counts::default()));
    let layer = HedgeLayer::http().after(DELAY).budget(budget.clone()).observe(Arc::clone(&counts));
    for call in 1..=12 {
        let upstream = Upstream::of([(100, status(200))]);
        let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
        assert_eq!(Attempts::of(&response).0, if call <= 10 { 2 } else { 1 }, "{call}");
    }
    assert_eq!(budget.remaining(Instant::now()), 0);
    assert_eq!(counts.sent_and_won(), (10, 10));
    assert_eq!(*counts.stopped.lock().unwrap(), [StopReason::Budget; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_slow_for_every_call_gets_a_fifth_more_and_one_a_second() {
    let upstream = Upstream::of((0..400).map(|_| (500, status(200))));
    let service = HedgeLayer::http().after(DELAY).layer(upstream.service());
    let calls: Vec<_> = (0..200).map(|_| tokio::spawn(service.clone().oneshot(get()))).collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(upstream.attempts(), 200 + 40 + 10);
    let control = Upstream::of((0..400).map(|_| (500, status(200))));
    let layer = HedgeLayer::http().after(DELAY).budget(Budgets::Unlimited);
    for _ in 0..200 {
        layer.layer(control.service()).oneshot(get()).await.unwrap();
    }
    assert_eq!(control.attempts(), 400);
}

#[tokio::test(start_paused = true)]
async fn no_copy_is_sent_when_less_time_is_left_than_an_attempt_needs() {
    let send = async |left| {
        let upstream = Upstream::of([(500, status(200))]);
        let mut request = get();
        let mut facts = CallFacts::default();
        facts.set_deadline(Some(Deadline::after(Instant::now(), left)));
        request.extensions_mut().insert(facts);
        let layer = HedgeLayer::http().after(DELAY);
        layer.layer(upstream.service()).oneshot(request).await.unwrap();
        upstream.attempts()
    };
    assert_eq!(send(DELAY + 4 * MILLISECOND).await, 1);
    assert_eq!(send(DELAY + 5 * MILLISECOND).await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_not_ready_gets_no_copy() {
    let (budget, counts) = (Budget::default(), Arc::new(Counts::default()));
    let layer = HedgeLayer::http().after(DELAY).budget(budget.clone()).observe(Arc::clone(&counts));
    let upstream = Upstream::of([(100, status(200))]);
    let limited = ConcurrencyLimitLayer::new(1).layer(upstream.service());
    let service = layer.layer(limited);
    let first = tokio::spawn(service.clone().oneshot(get()));
    tokio::time::sleep(DELAY + MILLISECOND).await;
    assert_eq!(*counts.stopped.lock().unwrap(), [StopReason::NotReady]);
    assert_eq!(budget.remaining(Instant::now()), 10);
    assert_eq!(Attempts::of(&first.await.unwrap().unwrap()), Attempts(1));
    // The instance that was not ready left its place in the queue.
    service.oneshot(get()).await.unwrap();
    assert_eq!(upstream.attempts(), 2);
}
