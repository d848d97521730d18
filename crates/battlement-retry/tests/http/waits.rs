//! The waits between attempts, and what they are limited by.

use std::time::Duration;

use battlement_core::{CallFacts, Deadline};
use battlement_retry::{Attempts, Budget, RetryLayer};
use tokio::time::Instant;
use tower::{Layer as _, ServiceExt as _};

use crate::support::{Reply, Upstream, answer, get, status};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Returns the wait before the retry of a request that first gets `reply`, or `None` if it is not repeated.
async fn wait(reply: Reply) -> Option<Duration> {
    let upstream = Upstream::of([reply]);
    RetryLayer::http().layer(upstream.service()).oneshot(get()).await.unwrap();
    match *upstream.seen(|seen| seen.at) {
        [first, second] => Some(second - first),
        [_] => None,
        _ => panic!("three attempts"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_named_time_is_obeyed_up_to_the_longest_wait() {
    let waited = wait(answer(503, &[("retry-after", "1")])).await.unwrap();
    assert!((1000..=1026).contains(&waited.as_millis()), "{waited:?}");
    assert!(wait(answer(503, &[("retry-after", "2")])).await.is_some());
    assert_eq!(wait(answer(503, &[("retry-after", "3")])).await, None);
    assert_eq!(wait(answer(503, &[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")])).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_time_of_zero_or_in_the_past_means_the_normal_backoff() {
    for value in ["0", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        let waited = wait(answer(503, &[("retry-after", value)])).await.unwrap();
        assert!((250..=501).contains(&waited.as_millis()), "{waited:?}");
    }
    assert!(wait(status(502)).await.unwrap() <= 26 * MILLISECOND);
}

#[tokio::test(start_paused = true)]
async fn no_wait_begins_that_ends_after_the_deadline() {
    let send = async |left: Duration| {
        let upstream = Upstream::of([answer(503, &[("retry-after", "1")])]);
        let mut request = get();
        let mut facts = CallFacts::default();
        facts.set_deadline(Some(Deadline::after(Instant::now(), left)));
        request.extensions_mut().insert(facts);
        let start = Instant::now();
        let response = RetryLayer::http().layer(upstream.service()).oneshot(request).await.unwrap();
        (response.status().as_u16(), start.elapsed())
    };
    // The first answer goes back at once: less than 5 ms would be left for an attempt.
    assert_eq!(send(1004 * MILLISECOND).await, (503, Duration::ZERO));
    assert_eq!(send(1100 * MILLISECOND).await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_ends_the_retry_and_a_dropped_wait_gives_it_back() {
    let budget = Budget::new(0.0, 1);
    let layer = RetryLayer::http().budget(budget.clone());
    let down = || std::iter::repeat_with(|| status(502)).take(100);
    let service = layer.layer(Upstream::of(down()).service());
    for _ in 0..5 {
        let response = service.clone().oneshot(get()).await.unwrap();
        assert_eq!(Attempts::of(&response), Attempts(3));
    }
    assert_eq!(budget.remaining(Instant::now()), 0);
    let response = service.oneshot(get()).await.unwrap();
    assert_eq!((response.status().as_u16(), Attempts::of(&response)), (502, Attempts(1)));

    let budget = Budget::new(0.0, 1);
    let layer = RetryLayer::http().budget(budget.clone());
    let upstream = Upstream::of([answer(503, &[("retry-after", "1")])]);
    let mut call = Box::pin(layer.layer(upstream.service()).oneshot(get()));
    assert!(tokio::time::timeout(500 * MILLISECOND, &mut call).await.is_err());
    assert_eq!(budget.remaining(Instant::now()), 9);
    drop(call);
    assert_eq!(budget.remaining(Instant::now()), 10);
    assert_eq!(upstream.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_the_attempt_is_written_if_the_layer_is_set_so() {
    let upstream = Upstream::of([status(502), status(502)]);
    let layer = RetryLayer::http().attempt_headers(true);
    layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!(upstream.seen(|seen| seen.headers["x-request-attempt"].clone()), ["1", "2", "3"]);
}
