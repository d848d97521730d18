//! The caller drops the call, at every point.

use std::task::{Context, Poll, Waker};

use battlement_retry::{Budget, HedgeLayer};
use tokio::time::Instant;
use tower::{Layer as _, Service as _, ServiceExt as _, limit::ConcurrencyLimitLayer};

use crate::support::{DELAY, MILLISECOND, Upstream, get, status};

#[tokio::test(start_paused = true)]
async fn a_dropped_call_gives_back_the_permits_of_all_its_copies() {
    let upstream = Upstream::of((0..8).map(|_| (500, status(200))));
    let layer = HedgeLayer::http().after(DELAY).copies(3);
    let limited = ConcurrencyLimitLayer::new(3).layer(upstream.service());
    let is_free = || async {
        let mut all: Vec<_> = (0..3).map(|_| limited.clone()).collect();
        for service in &mut all {
            let ready = tokio::time::timeout(MILLISECOND, service.ready()).await;
            ready.expect("a permit is held").unwrap();
        }
    };
    // The call itself is made, but never polled.
    let mut service = layer.layer(limited.clone());
    drop(service.ready().await.unwrap().call(get()));
    is_free().await;
    for copies in 1..=3 {
        let before = upstream.attempts();
        let call = layer.layer(limited.clone()).oneshot(get());
        let time = (copies - 1) * DELAY + MILLISECOND;
        assert!(tokio::time::timeout(time, call).await.is_err());
        assert_eq!(upstream.attempts() - before, copies as usize);
        is_free().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_winning_response_holds_no_permit_of_the_losers() {
    let upstream = Upstream::of([(500, status(200)), (10, status(200))]);
    let limited = ConcurrencyLimitLayer::new(2).layer(upstream.service());
    let layer = HedgeLayer::http().after(DELAY);
    let response = layer.layer(limited.clone()).oneshot(get()).await.unwrap();
    let mut both = [limited.clone(), limited];
    for service in &mut both {
        service.ready().await.unwrap();
    }
    drop(response);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_its_copy_takes_nothing_from_the_budget() {
    let budget = Budget::default();
    let upstream = Upstream::of((0..3).map(|_| (500, status(200))));
    let service = HedgeLayer::http().after(DELAY).budget(budget.clone()).layer(upstream.service());
    let call = service.clone().oneshot(get());
    assert!(tokio::time::timeout(DELAY - MILLISECOND, call).await.is_err());
    assert_eq!(budget.remaining(Instant::now()), 10);
    assert!(tokio::time::timeout(DELAY + MILLISECOND, service.oneshot(get())).await.is_err());
    assert_eq!(budget.remaining(Instant::now()), 9);
}

#[tokio::test(start_paused = true)]
#[should_panic = "`HedgeFuture` polled after completion"]
async fn a_call_that_has_ended_is_not_polled_again() {
    let mut service = HedgeLayer::http().layer(Upstream::default().service());
    let mut call = Box::pin(service.ready().await.unwrap().call(get()));
    call.as_mut().await.unwrap();
    let _: Poll<_> = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}
