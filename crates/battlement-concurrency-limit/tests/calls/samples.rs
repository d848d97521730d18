//! The results of calls other than HTTP, from which an adaptive limit learns.

use std::io;

use battlement_concurrency_limit::{ConcurrencyLimitLayer, judge_error};
use battlement_core::{Failure, Rejection, RejectionKind, Verdict};
use battlement_testkit::probe::ProbeBody;
use http::{Request, Response};
use tokio::time::{Duration, sleep, timeout};
use tower::{BoxError, Layer, Service, ServiceExt as _, service_fn};

use super::{adaptive::Counts, support::MILLISECOND};

const CALLS: usize = 40;

fn limit(counts: &Counts) -> ConcurrencyLimitLayer {
    ConcurrencyLimitLayer::algorithm(counts.clone())
}

async fn elapsed() -> BoxError {
    timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err().into()
}

/// Makes calls of 10 ms, and ignores their results.
async fn call<S: Service<R> + Clone, R>(service: S, request: impl Fn() -> R) {
    for _ in 0..CALLS {
        let _ = service.clone().oneshot(request()).await;
    }
}

/// Makes HTTP calls that fail with the error of `error`, and returns the samples and drops.
async fn failed<E: 'static, F: Future<Output = E>>(error: impl Fn() -> F + Clone) -> (u64, u64) {
    let counts = Counts::default();
    let service = service_fn(move |_: Request<ProbeBody>| {
        let error = error.clone();
        async move {
            sleep(10 * MILLISECOND).await;
            Err::<Response<ProbeBody>, E>(error().await)
        }
    });
    call(limit(&counts).layer(service), || Request::new(ProbeBody::empty())).await;
    counts.seen()
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_timeout_of_http_is_a_drop_and_another_error_is_nothing() {
    let timed_out = || async { io::Error::from(io::ErrorKind::TimedOut) };
    let boxed = || async { BoxError::from(io::Error::from(io::ErrorKind::TimedOut)) };
    for (samples, dropped) in [failed(elapsed).await, failed(timed_out).await, failed(boxed).await]
    {
        assert!(samples == 0 && dropped >= 20, "{samples} {dropped}");
    }
    let reset = || async { io::Error::from(io::ErrorKind::ConnectionReset) };
    let rejected = || async { BoxError::from(Rejection::new(RejectionKind::CircuitOpen)) };
    assert_eq!((failed(reset).await, failed(rejected).await), ((0, 0), (0, 0)));
}

type Answer = Result<u32, io::ErrorKind>;

async fn query(answer: Answer) -> io::Result<u32> {
    sleep(10 * MILLISECOND).await;
    answer.map_err(io::Error::from)
}

/// Judges an answer of 0 as an overload.
fn by_rows(result: Result<&u32, &io::Error>) -> Verdict {
    match result {
        Ok(0) => Verdict::Failure(Failure::Overload { pushback: None }),
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Ignore,
    }
}

/// The answers of a query, and whether calls that return it are samples and drops by default and by [`by_rows`].
const JUDGED: [(Answer, [(bool, bool); 2]); 4] = [
    (Ok(7), [(true, false), (true, false)]),
    (Ok(0), [(true, false), (false, true)]),
    (Err(io::ErrorKind::TimedOut), [(false, true), (false, false)]),
    (Err(io::ErrorKind::ConnectionReset), [(false, false), (false, false)]),
];

#[track_caller]
fn assert_seen(counts: &Counts, expected: (bool, bool), answer: Answer) {
    let (samples, dropped) = counts.seen();
    assert_eq!((samples >= 20, dropped >= 20), expected, "{answer:?}: {samples} {dropped}");
    assert!(expected.0 || samples == 0, "{answer:?}: {samples}");
    assert!(expected.1 || dropped == 0, "{answer:?}: {dropped}");
}

#[tokio::test(start_paused = true)]
async fn results_of_any_service_are_judged_by_the_closure_of_the_layer() {
    for (answer, [by_default, by_closure]) in JUDGED {
        let counts = Counts::default();
        let layer = limit(&counts).judge(judge_error).as_error();
        call(layer.layer(service_fn(query)), || answer).await;
        assert_seen(&counts, by_default, answer);

        let counts = Counts::default();
        let layer = limit(&counts).judge(by_rows).as_error();
        call(layer.layer(service_fn(query)), || answer).await;
        assert_seen(&counts, by_closure, answer);
    }
}

#[tokio::test(start_paused = true)]
async fn results_of_futures_are_judged_by_default_or_by_a_closure() {
    for (answer, [by_default, by_closure]) in JUDGED {
        let counts = Counts::default();
        let handle = limit(&counts).pair().1;
        for _ in 0..CALLS {
            let _ = handle.run(query(answer)).await;
        }
        assert_seen(&counts, by_default, answer);

        let counts = Counts::default();
        let handle = limit(&counts).pair().1;
        for _ in 0..CALLS {
            let _ = handle.run_judged(by_rows, query(answer)).await;
        }
        assert_seen(&counts, by_closure, answer);
    }
}
