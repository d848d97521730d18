use std::{
    convert::Infallible,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_core::{Deadline, Rejection, RejectionKind};
use battlement_timeout::{Elapsed, ElapsedKind, Observe, TimeoutLayer};
use tokio::time::{Instant, advance, sleep};
use tower::{Layer, ServiceExt, service_fn};

const MS: Duration = Duration::from_millis(1);

/// Returns the result of a call that takes `time`, and how long it took.
async fn call(layer: &TimeoutLayer, time: Duration) -> (Result<Duration, Elapsed>, Duration) {
    let work = service_fn(|time: Duration| async move {
        sleep(time).await;
        Ok::<_, Infallible>(time)
    });
    let start = Instant::now();
    let result = layer.clone().as_error().layer(work).oneshot(time).await;
    (result.map_err(|error| *error.downcast().unwrap()), start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_too_slow_ends_with_an_error_that_names_its_limit() {
    let (result, took) = call(&TimeoutLayer::new(50 * MS), 90 * MS).await;
    let elapsed = result.unwrap_err();
    assert_eq!((elapsed.kind(), elapsed.after()), (ElapsedKind::Call, 50 * MS));
    assert_eq!(elapsed.to_string(), "the call did not end within 50ms");
    assert_eq!(Rejection::find(&elapsed).unwrap().kind(), RejectionKind::Timeout);
    assert_eq!(took, 50 * MS);
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_ready_on_the_tick_of_the_deadline_is_kept() {
    assert_eq!(call(&TimeoutLayer::new(50 * MS), 50 * MS).await.0, Ok(50 * MS));
}

#[tokio::test(start_paused = true)]
async fn no_limit_and_the_longest_limit_end_no_call() {
    for layer in [TimeoutLayer::new(None), TimeoutLayer::new(Duration::MAX)] {
        assert_eq!(call(&layer, 100_000_000 * MS).await.0, Ok(100_000_000 * MS));
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_below_a_millisecond_is_not_rounded_to_zero() {
    let layer = TimeoutLayer::new(Duration::from_micros(300));
    assert_eq!(call(&layer, Duration::ZERO).await.0, Ok(Duration::ZERO));
    assert_eq!(call(&layer, 5 * MS).await.0.unwrap_err().after(), Duration::from_micros(300));
}

#[test]
#[should_panic(expected = "limit: must be greater than zero")]
fn a_limit_of_zero_is_refused() {
    let _ = TimeoutLayer::new(Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_ends_no_call() {
    let layer = TimeoutLayer::new(MS).enabled(false);
    assert_eq!(call(&layer, 90 * MS).await.0, Ok(90 * MS));
}

#[tokio::test(start_paused = true)]
async fn a_closure_chooses_the_limit_of_each_call() {
    let layer = TimeoutLayer::by(|request: &u64| (*request > 0).then(|| MS * *request as u32));
    let work = service_fn(async |_: u64| {
        sleep(20 * MS).await;
        Ok::<_, Infallible>(())
    });
    let service = layer.as_error().layer(work);
    assert!(service.clone().oneshot(0).await.is_ok());
    assert!(service.clone().oneshot(19).await.is_err());
    assert!(service.oneshot(21).await.is_ok());
}

#[derive(Default)]
struct Counts(AtomicUsize);

impl Observe for Counts {
    fn expired(&self, kind: ElapsedKind) {
        assert_eq!(kind, ElapsedKind::Call);
        self.0.fetch_add(1, Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_over_many_ticks_expires_each_call_once() {
    let counts = Arc::new(Counts::default());
    let layer = TimeoutLayer::new(10 * MS).observe(Arc::clone(&counts)).as_error();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let hang = service_fn(async |(): ()| pending::<Result<(), Infallible>>().await);
            tokio::spawn(layer.layer(hang).oneshot(()))
        })
        .collect();
    tokio::task::yield_now().await;
    advance(3_600_000 * MS).await;
    for call in calls {
        assert!(call.await.unwrap().unwrap_err().is::<Elapsed>());
    }
    assert_eq!(counts.0.load(Relaxed), 20);
}

#[tokio::test(start_paused = true)]
async fn the_work_of_a_call_sees_its_limit_as_the_deadline_and_the_next_try_has_the_time_that_is_left()
 {
    let work = service_fn(async |(): ()| {
        sleep(MS).await;
        Ok::<_, Infallible>(Deadline::current().unwrap())
    });
    let start = Instant::now();
    let total = Deadline::after(start, 100 * MS);
    let service = TimeoutLayer::new(40 * MS).as_error().layer(work);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut call = std::pin::pin!(service.clone().oneshot(()));
        let within = std::future::poll_fn(|cx| total.within(|| call.as_mut().poll(cx)));
        seen.push(within.await.unwrap().instant() - start);
        sleep(29 * MS).await;
    }
    assert_eq!(seen, [40 * MS, 70 * MS, 100 * MS]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_exhausts_the_budget_of_its_task_at_each_poll_expires() {
    let busy = service_fn(async |(): ()| {
        for _ in 0..100_000 {
            tokio::task::coop::consume_budget().await;
        }
        Ok::<_, Infallible>(())
    });
    let call = TimeoutLayer::new(50 * MS).as_error().layer(busy).oneshot(());
    let (result, ()) = tokio::join!(call, advance(50 * MS));
    assert!(result.unwrap_err().is::<Elapsed>());
}
