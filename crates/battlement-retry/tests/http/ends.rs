//! How retries end, and what the caller gets.

use std::{
    error::Error,
    io,
    sync::{Arc, Mutex},
};

use battlement_core::{Auto, CallFacts, ErrorChain, ErrorsBy, Rejection, RejectionKind, Verdict};
use battlement_retry::{
    AttemptOutcome, Attempts, Budget, Observe, RetriesExhausted, RetryLayer, StopReason, Throttle,
    Throttled,
};
use http::Response;
use http_body_util::Full;
use tokio::time::Instant;
use tower::{BoxError, Layer as _, ServiceExt as _, service_fn};

use crate::support::{Upstream, answer, error, get, status};

fn rejected() -> crate::support::Reply {
    let mut response = status(503)?;
    response.extensions_mut().insert(Rejection::new(RejectionKind::CircuitOpen));
    Ok(response)
}

#[tokio::test(start_paused = true)]
async fn a_local_rejection_ends_the_retry_at_once_and_takes_nothing_from_the_budget() {
    let budget = Budget::default();
    let layer = RetryLayer::http().budget(budget.clone());
    let (upstream, start) = (Upstream::of([rejected()]), Instant::now());
    let response = layer.layer(upstream.service()).oneshot(get()).await.unwrap();
    assert_eq!((response.status().as_u16(), upstream.attempts()), (503, 1));
    assert_eq!(budget.remaining(Instant::now()), 10);

    let kind = RejectionKind::DeadlineExceeded;
    let upstream = Upstream::of([Err(io::Error::other(Rejection::new(kind)))]);
    layer.layer(upstream.service()).oneshot(get()).await.unwrap_err();
    assert_eq!((upstream.attempts(), start.elapsed().as_nanos()), (1, 0));
    assert_eq!(budget.remaining(Instant::now()), 10);
}

#[tokio::test(start_paused = true)]
async fn two_layers_in_a_row_do_not_multiply() {
    let down = || std::iter::repeat_with(|| status(502)).take(100);
    let upstream = Upstream::of(down());
    let inner = RetryLayer::http().layer(upstream.service());
    let response = RetryLayer::http().layer(inner).oneshot(get()).await;
    assert_eq!(Attempts::of(&response.unwrap()), Attempts(3));
    assert_eq!(upstream.seen(|seen| seen.attempt), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_an_attempt_is_also_in_facts_that_an_outer_layer_created() {
    let upstream = Upstream::of([status(502)]);
    let mut request = get();
    request.extensions_mut().insert(CallFacts::default());
    RetryLayer::http().layer(upstream.service()).oneshot(request).await.unwrap();
    assert_eq!(upstream.seen(|seen| seen.attempt), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn an_error_names_each_attempt_only_if_it_is_configured() {
    let replies =
        || [status(503), error(io::ErrorKind::TimedOut), error(io::ErrorKind::BrokenPipe)];
    let layer = RetryLayer::http().as_error();
    let service = layer.clone().layer(Upstream::of(replies()).service());
    let plain = service.oneshot(get()).await.unwrap_err();
    assert_eq!(plain.downcast::<io::Error>().unwrap().kind(), io::ErrorKind::BrokenPipe);

    let layer = layer.exhausted_error(true);
    let named = layer.layer(Upstream::of(replies()).service()).oneshot(get()).await.unwrap_err();
    assert_eq!(named.downcast_ref::<RetriesExhausted>().unwrap().attempts(), 3);
    let texts: Vec<_> = sources(&named).map(ToString::to_string).collect();
    assert_eq!(
        texts[..3],
        [
            "attempt 3: broken pipe",
            "attempt 2: timed out",
            "attempt 1: status 503 Service Unavailable"
        ]
    );
    let last = sources(&named).find_map(|source| source.downcast_ref::<io::Error>()).unwrap();
    assert_eq!(last.kind(), io::ErrorKind::BrokenPipe);

    // A single attempt is no exhausted retry, and a response goes back as it is.
    let once =
        layer.clone().attempts(1).layer(Upstream::of([error(io::ErrorKind::Other)]).service());
    assert!(once.oneshot(get()).await.unwrap_err().is::<io::Error>());
    let down = Upstream::of([status(502), status(502), status(503)]);
    assert_eq!(layer.layer(down.service()).oneshot(get()).await.unwrap().status(), 503);
}

fn sources(error: &BoxError) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let source = next?;
        next = source.source();
        Some(source)
    })
}

#[tokio::test(start_paused = true)]
async fn a_throttle_rejects_calls_of_a_service_that_rejects_most() {
    let throttle = Throttle::new(1.0, std::time::Duration::from_secs(120));
    let down =
        service_fn(async |_: http::Request<_>| -> crate::support::Reply { answer(429, &[]) });
    let service = RetryLayer::http().throttle(throttle.clone()).layer(down);
    let mut rejected = 0;
    for _ in 0..1_000 {
        let response: Response<_> = service.clone().oneshot(get()).await.unwrap();
        let rejection = response.extensions().get::<Rejection>();
        rejected +=
            usize::from(rejection.is_some_and(|one| one.kind() == RejectionKind::CircuitOpen));
    }
    assert!((700..900).contains(&rejected), "{rejected}");

    let layer = RetryLayer::http().as_error().throttle(throttle);
    let well = service_fn(async |_: http::Request<_>| {
        Ok::<_, io::Error>(Response::new(Full::<bytes::Bytes>::default()))
    });
    let mut errors = Vec::new();
    for _ in 0..20 {
        errors.extend(layer.layer(well).oneshot(get()).await.err());
    }
    assert!(!errors.is_empty() && errors.iter().all(|error| error.is::<Throttled>()));
}

#[tokio::test(start_paused = true)]
async fn a_disabled_layer_passes_calls_through() {
    let upstream = Upstream::of([status(503)]);
    let layer = RetryLayer::http().enabled(false);
    let service = tower::util::MapRequestLayer::new(|mut request: http::Request<_>| {
        request.extensions_mut().insert(CallFacts::default());
        request
    });
    let service = layer.layer(service.layer(upstream.service()));
    assert_eq!(service.oneshot(get()).await.unwrap().status(), 503);
    assert_eq!(upstream.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_of_two_layers_counts_once_in_a_budget_that_they_share() {
    let budget = Budget::new(1.0, 0);
    let layer = RetryLayer::http().budget(budget.clone());
    let inner = layer.layer(Upstream::of([]).service());
    layer.layer(inner).oneshot(get()).await.unwrap();
    assert_eq!(budget.remaining(Instant::now()), 1);
}

#[derive(Default)]
struct Seen(Mutex<Vec<String>>);

impl Observe for Seen {
    fn attempt(&self, outcome: AttemptOutcome) {
        self.0.lock().unwrap().push(outcome.as_str().to_owned());
    }

    fn stopped(&self, reason: StopReason) {
        self.0.lock().unwrap().push(reason.as_str().to_owned());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_throttle_rejects_is_observed_and_allows_no_retry() {
    let throttle = Throttle::new(1.0, std::time::Duration::from_secs(120));
    for _ in 0..1_000 {
        drop(throttle.begin(Instant::now(), u64::MAX));
    }
    let (budget, seen) = (Budget::new(1.0, 0), Arc::new(Seen::default()));
    let layer = RetryLayer::http().throttle(throttle).budget(budget.clone()).observe(seen.clone());
    for _ in 0..100 {
        layer.layer(Upstream::of([]).service()).oneshot(get()).await.unwrap();
    }
    let seen = seen.0.lock().unwrap();
    let count = |word| seen.iter().filter(|seen| *seen == word).count() as u64;
    assert!(count("throttled") > 50, "{seen:?}");
    assert_eq!(count("throttled") + count("success"), 100);
    assert_eq!(budget.remaining(Instant::now()), count("success"));
}

fn ignored(error: &(dyn Error + 'static)) -> Option<Verdict> {
    let error: &io::Error = error.downcast_ref()?;
    (error.kind() == io::ErrorKind::Interrupted).then_some(Verdict::Ignore)
}

#[tokio::test(start_paused = true)]
async fn a_last_error_that_is_no_failure_is_named_as_an_attempt() {
    let errors = ErrorChain::starting_with(&[ignored]);
    let layer = RetryLayer::http().classify(ErrorsBy { responses: Auto, errors });
    let layer = layer.as_error().exhausted_error(true);
    let replies = [status(503), error(io::ErrorKind::TimedOut), error(io::ErrorKind::Interrupted)];
    let named = layer.layer(Upstream::of(replies).service()).oneshot(get()).await.unwrap_err();
    assert_eq!(named.downcast_ref::<RetriesExhausted>().unwrap().attempts(), 3);
    assert_eq!(named.source().unwrap().to_string(), "attempt 3: operation interrupted");

    let once = Upstream::of([error(io::ErrorKind::Interrupted)]);
    let plain = layer.layer(once.service()).oneshot(get()).await.unwrap_err();
    assert!(plain.is::<io::Error>());
}
