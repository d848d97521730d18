//! The peers with three attempts, which repeat errors and the failures that the head of a response shows.

use std::time::Duration;

use battlement_testkit::probe::{Probe, ProbeError};
use http::{Extensions, Request, StatusCode};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Next};
use reqwest_retry::{
    RetryTransientMiddleware, Retryable, RetryableStrategy,
    policies::{ExponentialBackoff, ExponentialBackoffBuilder},
};
use seatbelt::{RecoveryInfo, ResilienceContext, typestates::Set};
use tick::Clock;
use tokio::time::{Sleep, sleep};
use tower::{
    ServiceExt as _,
    retry::{Policy, Retry},
};
use tower_resilience_retry::{RetryConfigBuilder, RetryLayer};

use crate::{Answer, Call, get};

pub(crate) const ATTEMPTS: usize = 3;
pub(crate) const SHORT: Duration = Duration::from_millis(1);

/// Returns whether the head of a response shows a failure.
pub(crate) fn is_failure(status: StatusCode, headers: &http::HeaderMap) -> bool {
    status.is_server_error() || headers.get("grpc-status").is_some_and(|status| status == "14")
}

/// A policy for tower, as its documentation shows one.
#[derive(Clone)]
pub(crate) struct Repeat {
    pub(crate) left: usize,
    pub(crate) wait: Duration,
}

impl Policy<Call, Answer, ProbeError> for Repeat {
    type Future = Sleep;

    fn retry(
        &mut self,
        _: &mut Call,
        result: &mut Result<Answer, ProbeError>,
    ) -> Option<Self::Future> {
        let fails =
            result.as_ref().map_or(true, |answer| is_failure(answer.status(), answer.headers()));
        self.left = self.left.checked_sub(1).filter(|_| fails)?;
        Some(sleep(self.wait))
    }

    fn clone_request(&mut self, call: &Call) -> Option<Call> {
        Some(call.clone())
    }
}

pub(crate) fn of_tower<S>(inner: S) -> Retry<Repeat, S> {
    Retry::new(Repeat { left: ATTEMPTS - 1, wait: SHORT }, inner)
}

pub(crate) fn of_tower_resilience() -> RetryConfigBuilder<Call, Answer, ProbeError> {
    RetryLayer::builder()
        .fixed_backoff(SHORT)
        .retry_on_response(|answer: &Answer| is_failure(answer.status(), answer.headers()))
}

type Outcome = Result<Answer, ProbeError>;

/// Returns the layer of seatbelt, whose clock is its own, so that its waits take real time.
pub(crate) fn of_seatbelt() -> seatbelt::retry::RetryLayer<Call, Outcome, Set, Set> {
    let context = ResilienceContext::new(Clock::new_tokio());
    seatbelt::retry::Retry::layer("call", &context)
        .clone_input()
        .recovery_with(|outcome: &Outcome, _| match outcome {
            Ok(answer) if !is_failure(answer.status(), answer.headers()) => RecoveryInfo::never(),
            _ => RecoveryInfo::retry(),
        })
        .max_retry_attempts(ATTEMPTS as u32 - 1)
        .base_delay(SHORT)
}

/// A strategy for reqwest-retry.
struct ByHead;

impl RetryableStrategy for ByHead {
    fn handle(
        &self,
        result: &Result<reqwest::Response, reqwest_middleware::Error>,
    ) -> Option<Retryable> {
        let answer = result.as_ref().ok()?;
        is_failure(answer.status(), answer.headers()).then_some(Retryable::Transient)
    }
}

pub(crate) fn backoff() -> ExponentialBackoffBuilder {
    ExponentialBackoff::builder().retry_bounds(SHORT, SHORT)
}

/// Returns reqwest-retry with its default strategy around a client.
pub(crate) fn of_reqwest_retry(client: reqwest::Client) -> ClientWithMiddleware {
    let policy = backoff().build_with_max_retries(ATTEMPTS as u32 - 1);
    ClientBuilder::new(client).with(RetryTransientMiddleware::new_with_policy(policy)).build()
}

/// Returns a policy for reqwest that repeats every response but a 200.
pub(crate) fn unless_ok() -> reqwest::retry::Builder {
    reqwest::retry::for_host("127.0.0.1").classify_fn(|attempt| match attempt.status() {
        Some(StatusCode::OK) => attempt.success(),
        _ => attempt.retryable(),
    })
}

/// Returns the layers of reqwest-retry, the last of them around a probe instead of a client.
pub(crate) fn of_reqwest_retry_around(
    probe: &Probe,
    layers: usize,
    wait: Duration,
) -> ClientWithMiddleware {
    let policy = ExponentialBackoff::builder().retry_bounds(wait, wait);
    let policy =
        policy.jitter(reqwest_retry::Jitter::None).build_with_max_retries(ATTEMPTS as u32 - 1);
    let mut client = ClientBuilder::new(reqwest::Client::new());
    for _ in 0..layers {
        client =
            client.with(RetryTransientMiddleware::new_with_policy_and_strategy(policy, ByHead));
    }
    let probe = probe.clone();
    let inner = middleware(move |request, _, _| Box::pin(answer(probe.clone(), request)));
    client.with(inner).build()
}

type Answered<'a> = std::pin::Pin<
    Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'a>,
>;

fn middleware<F>(handle: F) -> F
where
    F: for<'a> Fn(reqwest::Request, &'a mut Extensions, Next<'a>) -> Answered<'a>,
{
    handle
}

async fn answer(
    probe: Probe,
    request: reqwest::Request,
) -> reqwest_middleware::Result<reqwest::Response> {
    let request = Request::try_from(request)?;
    let answer = probe.oneshot(request).await.map_err(reqwest_middleware::Error::middleware)?;
    Ok(answer.map(reqwest::Body::wrap).into())
}

/// Calls each peer around a probe of its own, and returns the number of attempts of each.
pub(crate) async fn attempts(probe: impl Fn() -> Probe) -> [usize; 4] {
    use tower::Layer as _;
    let probes = [probe(), probe(), probe(), probe()];
    let [tower, resilience, seatbelt, reqwest] = &probes;
    let _ = of_tower(tower.clone()).oneshot(get()).await;
    let _ = of_tower_resilience().build().layer(resilience.clone()).oneshot(get()).await;
    let _ = of_seatbelt().layer(seatbelt.clone()).oneshot(get()).await;
    let _ = of_reqwest_retry_around(reqwest, 1, SHORT).get("http://upstream.test").send().await;
    probes.map(|probe| probe.counts().calls)
}
