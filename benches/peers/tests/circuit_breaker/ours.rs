//! Our layer under the conditions of the peers, on tokio's clock.

use std::{panic::AssertUnwindSafe, time::Duration};

use battlement_circuit_breaker::{
    ByResult, CircuitBreakerLayer, CircuitOpen, HalfOpen, OpenFor, Rate, Trip, WithError,
};
use battlement_core::{Failure, Verdict};
use battlement_timeout::TimeoutLayer;
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::{
    Call, Error, FAILURES, OPEN, Outcome, ends, fails, hangs,
    peers::Peer,
    stale::{an_old_probe_counts, old_calls_close},
    succeeds,
};

/// The kind of calls of these tests.
pub(crate) type Layer =
    CircuitBreakerLayer<ByResult<fn(Result<&(), &Error>) -> Verdict, WithError>>;

fn judge(outcome: Result<&(), &Error>) -> Verdict {
    match outcome {
        Ok(()) => Verdict::Success,
        Err(Error::OfCaller) => Verdict::Ignore,
        Err(_) => Verdict::Failure(Failure::Server),
    }
}

/// Returns our layer with its defaults.
pub(crate) fn default_of_ours() -> Layer {
    CircuitBreakerLayer::new("upstream").judge(judge as _).as_error()
}

pub(crate) fn of_ours_with(layer: &Layer) -> Peer {
    let service = layer.layer(service_fn(|call: Call| call));
    let inner = |error: tower::BoxError| match error.downcast::<CircuitOpen>() {
        Ok(_) => Error::Rejected,
        Err(error) => *error.downcast().unwrap(),
    };
    Peer::new(move |call| {
        Box::pin(service.clone().oneshot(call).map(move |end| end.map_err(inner)))
    })
}

/// Returns our layer that opens after three failures, and closes after one success.
pub(crate) fn of_ours(probes: u32) -> Peer {
    let layer = default_of_ours()
        .trip(Trip::consecutive(FAILURES))
        .open_for(OpenFor::fixed(OPEN))
        .half_open(HalfOpen::new(probes, 1));
    of_ours_with(&layer)
}

const SUCCESSES: u32 = 10_000;

#[tokio::test(start_paused = true)]
async fn our_windows_slide() {
    let peer = of_ours_with(
        &default_of_ours().trip(Trip::failure_rate(Rate::at_least(0.5).over_calls(100))),
    );
    for _ in 0..SUCCESSES {
        peer.call(succeeds()).await.unwrap();
    }
    assert_eq!(peer.failures_until_open().await, 50);

    let peer = of_ours_with(&default_of_ours());
    for _ in 0..SUCCESSES {
        peer.call(succeeds()).await.unwrap();
        peer.wait(Duration::from_millis(100)).await;
    }
    // 100 calls are in the window of 10 s.
    assert!(peer.failures_until_open().await <= 100);
    let peer = of_ours_with(&default_of_ours());
    for _ in 0..SUCCESSES {
        peer.call(succeeds()).await.unwrap();
    }
    peer.wait(Duration::from_secs(10)).await;
    assert_eq!(peer.failures_until_open().await, 5);
}

#[tokio::test(start_paused = true)]
async fn ours_opens_at_its_minimum_although_its_window_of_calls_is_not_full() {
    let rate = Rate::at_least(0.5).over_calls(100).minimum(10);
    let peer = of_ours_with(&default_of_ours().trip(Trip::failure_rate(rate)));
    assert_eq!(peer.failures_until_open().await, 10);
}

#[tokio::test(start_paused = true)]
async fn ours_needs_five_calls_to_notice_a_dead_upstream_by_default() {
    assert_eq!(of_ours_with(&default_of_ours()).failures_until_open().await, 5);
}

#[tokio::test(start_paused = true)]
async fn ours_admits_three_callers_when_the_open_time_has_ended() {
    let layer = default_of_ours().trip(Trip::consecutive(FAILURES)).open_for(OpenFor::fixed(OPEN));
    let peer = of_ours_with(&layer);
    peer.half_open().await;
    let calls: Vec<Option<Call>> = (0..64).map(|_| peer.begin()).collect();
    assert_eq!(calls.iter().flatten().count(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_slot_of_a_probe_that_hangs_is_dropped_or_panics_is_free_again_in_ours() {
    let peer = of_ours(1);
    peer.half_open().await;
    let hung = peer.begin();
    assert!(hung.is_some() && peer.begin().is_none());
    peer.wait(OPEN).await;
    let second = peer.begin();
    assert!(second.is_some());
    drop(second);
    let call = peer.call(Box::pin(async { panic!("a bug of the service") }));
    AssertUnwindSafe(call).catch_unwind().await.unwrap_err();
    peer.call(succeeds()).await.unwrap();
    assert!(peer.is_closed().await);
}

#[tokio::test(start_paused = true)]
async fn an_error_that_says_nothing_about_the_upstream_does_not_close_ours() {
    let peer = of_ours(1);
    peer.half_open().await;
    for _ in 0..10 {
        assert_eq!(peer.call(ends(Err(Error::OfCaller))).await, Err(Error::OfCaller));
    }
    assert!(!peer.is_closed().await);
}

#[tokio::test(start_paused = true)]
async fn ours_closes_after_probes_that_take_longer_than_its_window() {
    let second = Duration::from_secs(1);
    let layer = default_of_ours()
        .trip(Trip::failure_rate(Rate::at_least(0.5).over(second).minimum(FAILURES)))
        .open_for(OpenFor::fixed(3 * second));
    let peer = of_ours_with(&layer);
    assert_eq!(peer.failures_until_open().await, FAILURES);
    peer.wait(4 * second).await;
    for _ in 0..2 {
        let slow = async {
            tokio::time::sleep(2 * Duration::from_secs(1)).await;
            Ok(())
        };
        peer.call(Box::pin(slow)).await.unwrap();
    }
    assert!(peer.is_closed().await);
}

#[tokio::test(start_paused = true)]
async fn results_of_an_earlier_generation_do_not_count_in_ours() {
    assert!(!old_calls_close(of_ours(1), 1).await);
    assert!(!an_old_probe_counts(of_ours(1), 1).await);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_outside_of_ours_opens_it() {
    let peer = of_ours_with(&default_of_ours());
    // A stranger's timeout: the calls have waited longer than `slow_after`.
    for _ in 0..5 {
        let ended = timeout(Duration::from_millis(2_001), peer.call(hangs())).await;
        assert!(ended.is_err());
    }
    assert_eq!(peer.call(succeeds()).await, Err(Error::Rejected));

    // A timeout of ours, however short it is.
    let service = default_of_ours().layer(service_fn(|call: Call| call));
    let service = TimeoutLayer::new(OPEN).as_error().layer(service);
    for _ in 0..5 {
        let error = service.clone().oneshot(hangs()).await.unwrap_err();
        assert!(error.is::<battlement_timeout::Elapsed>());
    }
    assert!(service.oneshot(succeeds()).await.unwrap_err().is::<CircuitOpen>());
}

#[tokio::test(start_paused = true)]
async fn our_open_time_doubles_to_a_minute_with_jitter() {
    let peer = of_ours_with(&default_of_ours().half_open(HalfOpen::new(1, 1)));
    let mut times = Vec::new();
    while times.len() < 6 {
        while peer.call(fails()).await == Err(Error::Broken) {}
        let start = Instant::now();
        while peer.call(fails()).await == Err(Error::Rejected) {
            peer.wait(Duration::from_millis(100)).await;
        }
        times.push(start.elapsed().as_secs_f64());
    }
    let caps = [5.0, 10.0, 20.0, 40.0, 60.0, 60.0];
    for (time, cap) in times.iter().zip(caps) {
        assert!(*time >= cap / 2.0 && *time <= cap + 0.2, "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn our_rejection_says_when_to_come_back() {
    let (layer, handle) = default_of_ours().pair();
    handle.force_open();
    let service = layer.layer(service_fn(|call: Call| call));
    let error = service.clone().oneshot(succeeds()).await.unwrap_err();
    assert!(!error.downcast_ref::<CircuitOpen>().unwrap().retry_after().is_zero());
    handle.unforce();
    let error = service.oneshot(fails()).await.unwrap_err();
    assert!(error.is::<Error>());
}

/// Makes a call whose future holds a kilobyte.
async fn large(_: Call) -> Outcome {
    let held = std::hint::black_box([0_u8; 1024]);
    tokio::task::yield_now().await;
    if held[0] == 0 { Ok(()) } else { Err(Error::Broken) }
}

#[tokio::test(start_paused = true)]
async fn ours_does_not_box_a_call_and_shares_its_state_between_services() {
    let layer = default_of_ours();
    assert!(size_of_val(&layer.layer(service_fn(large)).oneshot(succeeds())) > 1024);

    let (one, two) = (of_ours_with(&layer), of_ours_with(&layer));
    one.failures_until_open().await;
    assert_eq!(two.call(succeeds()).await, Err(Error::Rejected));
}
