//! The peers, each with a breaker that opens after three failures.

use std::{sync::Arc, time::Duration};

use failsafe::{
    backoff::{self, EqualJittered},
    failure_policy::{self, ConsecutiveFailures, FailurePolicy, OrElse, SuccessRateOverTimeWindow},
    futures::CircuitBreaker as _,
};
use futures_util::FutureExt as _;
use recloser::{AsyncRecloser, Recloser};
use seatbelt::{
    RecoveryInfo, ResilienceContext,
    breaker::{Breaker as Seatbelt, BreakerLayer, HalfOpenMode},
    typestates::Set,
};
use tick::ClockControl;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_resilience_circuitbreaker::{
    CircuitBreakerConfigBuilder, CircuitBreakerError, CircuitBreakerLayer, DefaultClassifier,
    FailureClassifier,
};

use crate::{Call, Error, FAILURES, OPEN, Outcome, fails, hangs};

/// A breaker, which passes a call or rejects it.
#[derive(Clone)]
pub(crate) struct Peer {
    call: Arc<dyn Fn(Call) -> Call + Send + Sync>,
    /// The clock of the peer, unless it is real.
    clock: Option<ClockControl>,
}

impl Peer {
    pub(crate) fn new(call: impl Fn(Call) -> Call + Send + Sync + 'static) -> Self {
        Self { call: Arc::new(call), clock: None }
    }

    pub(crate) fn call(&self, call: Call) -> Call {
        (self.call)(call)
    }

    /// Lets time pass for the breaker.
    pub(crate) async fn wait(&self, time: Duration) {
        match &self.clock {
            Some(clock) => clock.advance(time),
            None => tokio::time::sleep(time).await,
        }
    }

    /// Returns the number of failures after which the breaker rejects a call.
    pub(crate) async fn failures_until_open(&self) -> u32 {
        let mut failures = 0;
        while self.call(fails()).await != Err(Error::Rejected) {
            failures += 1;
            assert!(failures < 100_000, "it stays closed");
        }
        failures
    }

    /// Opens the breaker and waits until it is half-open.
    pub(crate) async fn half_open(&self) {
        assert!(self.failures_until_open().await <= FAILURES + 1);
        self.wait(OPEN + OPEN / 4).await;
    }

    /// Returns whether the breaker is closed. Another state passes at most one failure.
    pub(crate) async fn is_closed(&self) -> bool {
        self.call(fails()).await == Err(Error::Broken)
            && self.call(fails()).await == Err(Error::Broken)
    }

    /// Begins a call that hangs, unless it is rejected.
    pub(crate) fn begin(&self) -> Option<Call> {
        let mut call = self.call(hangs());
        match call.as_mut().now_or_never() {
            Some(outcome) => {
                assert_eq!(outcome, Err(Error::Rejected));
                None
            }
            None => Some(call),
        }
    }
}

fn inner(error: CircuitBreakerError<Error>) -> Error {
    error.into_inner().unwrap_or(Error::Rejected)
}

pub(crate) fn of_layer<C>(layer: &CircuitBreakerLayer<C>) -> Peer
where
    C: FailureClassifier<(), Error> + Send + Sync + 'static,
{
    let service = layer.layer(service_fn(|call: Call| call));
    Peer::new(move |call| Box::pin(service.clone().oneshot(call).map(|end| end.map_err(inner))))
}

/// Returns a builder of tower-resilience.
pub(crate) fn builder(probes: usize) -> CircuitBreakerConfigBuilder<DefaultClassifier> {
    CircuitBreakerLayer::builder()
        .consecutive_failures(FAILURES as usize)
        .wait_duration_in_open(OPEN)
        .permitted_calls_in_half_open(probes)
}

pub(crate) fn of_tower_resilience(probes: usize) -> Peer {
    of_layer(&builder(probes).build().unwrap())
}

fn is_failure(error: &Error) -> bool {
    *error != Error::OfCaller
}

pub(crate) fn of_failsafe_with<P>(policy: P) -> Peer
where
    P: FailurePolicy + Send + Sync + 'static,
{
    let breaker = failsafe::Config::new().failure_policy(policy).build();
    let inner = |error| match error {
        failsafe::Error::Inner(error) => error,
        failsafe::Error::Rejected => Error::Rejected,
    };
    let call = move |call| breaker.call_with(is_failure, call).map(move |end| end.map_err(inner));
    Peer::new(move |inner| Box::pin(call(inner)))
}

pub(crate) fn of_failsafe() -> Peer {
    of_failsafe_with(failure_policy::consecutive_failures(FAILURES, backoff::constant(OPEN)))
}

/// Returns the policy of failsafe's `Config::new()`, whose type has no name of its own.
pub(crate) fn default_of_failsafe()
-> OrElse<SuccessRateOverTimeWindow<EqualJittered>, ConsecutiveFailures<EqualJittered>> {
    SuccessRateOverTimeWindow::default().or_else(ConsecutiveFailures::default())
}

pub(crate) fn of_recloser_with(recloser: Recloser) -> Peer {
    let recloser = AsyncRecloser::from(recloser);
    let inner = |error| match error {
        recloser::Error::Inner(error) => error,
        recloser::Error::Rejected => Error::Rejected,
    };
    let call = move |call| recloser.call_with(is_failure, call).map(move |end| end.map_err(inner));
    Peer::new(move |inner| Box::pin(call(inner)))
}

/// Returns recloser with a window of three calls, which decides at the call after them, and one of one in half-open.
pub(crate) fn of_recloser() -> Peer {
    let recloser = Recloser::custom().closed_len(FAILURES as usize).half_open_len(1);
    of_recloser_with(recloser.open_wait(OPEN).build())
}

pub(crate) type SeatbeltLayer = BreakerLayer<Call, Outcome, Set, Set>;

/// Returns seatbelt with its defaults and a clock.
pub(crate) fn seatbelt() -> (SeatbeltLayer, ClockControl) {
    let clock = ClockControl::new();
    let context = ResilienceContext::new(clock.to_clock());
    let layer = Seatbelt::layer("upstream", &context)
        .recovery_with(|outcome: &Outcome, _| match outcome {
            Err(error) if is_failure(error) => RecoveryInfo::retry(),
            _ => RecoveryInfo::never(),
        })
        .rejected_input_error(|_, _| Error::Rejected);
    (layer, clock)
}

pub(crate) fn of_seatbelt_with(layer: &SeatbeltLayer, clock: ClockControl) -> Peer {
    let service = layer.layer(service_fn(|call: Call| call));
    let call = move |call| -> Call { Box::pin(service.clone().oneshot(call)) };
    Peer { clock: Some(clock), ..Peer::new(call) }
}

pub(crate) fn of_seatbelt() -> Peer {
    let (layer, clock) = seatbelt();
    let layer = layer
        .min_throughput(FAILURES)
        .failure_threshold(0.5)
        .break_duration(OPEN)
        .half_open_mode(HalfOpenMode::quick());
    of_seatbelt_with(&layer, clock)
}
