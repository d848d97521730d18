use std::{convert::Infallible, time::Duration};

use battlement_concurrency_limit::{ConcurrencyLimitLayer, judge_error};
use battlement_timeout::TimeoutLayer;
use tokio::time::sleep;
use tower::{Layer as _, Service, ServiceExt as _, service_fn, timeout::Timeout};
use tower_resilience_adaptive::{
    AdaptiveLimiterLayer, Aimd, ConcurrencyAlgorithm, Gradient2, Vegas,
};

use crate::hangs;

const MS: Duration = Duration::from_millis(1);

/// Returns the algorithms of tower-resilience, which begin with this limit.
fn algorithms(initial: usize) -> [tower_resilience_adaptive::Algorithm; 3] {
    use tower_resilience_adaptive::Algorithm;
    [
        Algorithm::Aimd(Aimd::builder().initial_limit(initial).build().unwrap()),
        Algorithm::Vegas(Vegas::builder().initial_limit(initial).build().unwrap()),
        Algorithm::Gradient2(Gradient2::builder().initial_limit(initial).build().unwrap()),
    ]
}

#[tokio::test]
async fn ten_errors_in_a_row_take_the_limit_of_the_peer_from_100_to_1() {
    for algorithm in algorithms(100) {
        let fails = service_fn(async |()| Err::<(), _>(std::fmt::Error));
        let mut limited = AdaptiveLimiterLayer::new(algorithm).layer(fails);
        for _ in 0..10 {
            assert!(limited.ready().await.unwrap().call(()).await.is_err());
        }
        assert_eq!(limited.limit(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn ten_errors_in_a_row_do_not_change_ours() {
    let (layer, handle) = ConcurrencyLimitLayer::adaptive().judge(judge_error).as_error().pair();
    let service = layer.layer(service_fn(async |()| Err::<(), _>(std::fmt::Error)));
    for _ in 0..10 {
        assert!(service.clone().oneshot(()).await.is_err());
    }
    assert_eq!(handle.snapshot().limit, 20);
}

#[test]
fn aimd_and_vegas_of_the_peer_grow_while_one_call_is_in_flight() {
    let limits = algorithms(20).map(|algorithm| {
        (0..1_000).for_each(|_| algorithm.record_success_with_load(10 * MS, 1));
        algorithm.limit()
    });
    assert_eq!(limits, [100, 100, 20]);
}

#[tokio::test(start_paused = true)]
async fn ours_does_not_grow_while_one_call_is_in_flight() {
    let (layer, handle) = ConcurrencyLimitLayer::adaptive().judge(judge_error).as_error().pair();
    let service = layer.layer(service_fn(async |()| {
        sleep(10 * MS).await;
        Ok::<_, Infallible>(())
    }));
    for _ in 0..10_000 {
        service.clone().oneshot(()).await.unwrap();
    }
    assert_eq!(handle.snapshot().limit, 20);
}

#[tokio::test(start_paused = true)]
async fn calls_that_an_outer_timeout_ends_do_not_change_the_limit_of_the_peer() {
    for algorithm in algorithms(20) {
        let limited = AdaptiveLimiterLayer::new(algorithm).layer(service_fn(hangs));
        let service = Timeout::new(limited, 100 * MS);
        for _ in 0..100 {
            assert!(service.clone().oneshot(()).await.is_err());
        }
        assert_eq!(service.get_ref().limit(), 20);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_an_outer_timeout_ends_lower_ours() {
    let (layer, handle) = ConcurrencyLimitLayer::adaptive().judge(judge_error).as_error().pair();
    let limited = layer.layer(service_fn(hangs));
    let service = TimeoutLayer::new(100 * MS).as_error().layer(limited);
    for _ in 0..5 {
        let calls = (0..20).map(|_| service.clone().oneshot(()));
        let ends = futures_util::future::join_all(calls).await;
        assert!(ends.iter().all(Result::is_err));
    }
    assert!(handle.snapshot().limit < 20, "{:?}", handle.snapshot());
}

/// The calls of 20 seconds.
const CALLS: usize = 16_000;

/// Returns the limits of an algorithm over time in front of 8 workers of 10 ms, which are overloaded: as many calls are in
/// flight as the limit allows, so that each waits for those before it.
fn overloaded(algorithm: &impl ConcurrencyAlgorithm) -> Vec<usize> {
    let limits = (0..CALLS).map(|_| {
        let limit = algorithm.limit();
        let latency = (10 * MS).max(10 * MS * u32::try_from(limit).unwrap() / 8);
        algorithm.record_success_with_load(latency, limit);
        limit
    });
    limits.collect()
}

#[test]
fn gradient2_of_the_peer_rises_to_its_maximum_in_front_of_8_workers() {
    let [aimd, _, gradient2] = algorithms(20).map(|algorithm| overloaded(&algorithm));
    assert_eq!(gradient2.last(), Some(&200));
    // AIMD goes up and down around its threshold of 100 ms, ten times the time of a call.
    assert_eq!((aimd.iter().max(), aimd[CALLS / 2..].iter().min()), (Some(&81), Some(&40)));
}

#[test]
fn vegas_of_the_peer_never_forgets_its_fastest_call() {
    let [_, vegas, _] = algorithms(20);
    vegas.record_success(MS);
    (0..100_000).for_each(|_| vegas.record_success(10 * MS));
    assert_eq!(vegas.limit(), 1);
}
