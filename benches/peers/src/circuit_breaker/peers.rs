//! The breakers of other crates, closed. Each judges a response by its status; failsafe and recloser only see errors.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use battlement_benches::{Bare, Case, request};
use bytes::Bytes;
use failsafe::{
    StateMachine,
    backoff::EqualJittered,
    failure_policy::{ConsecutiveFailures, OrElse, SuccessRateOverTimeWindow},
    futures::CircuitBreaker as _,
};
use http::{Request, Response};
use http_body_util::Full;
use recloser::{AnyError, AsyncRecloser, Recloser, RecloserFuture};
use seatbelt::{RecoveryInfo, ResilienceContext, breaker::Breaker as SeatbeltBreaker};
use tick::Clock;
use tokio::runtime::Builder;
use tower::{Layer, Service};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

type Answer = Response<Full<Bytes>>;
type Outcome = Result<Answer, Infallible>;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("tower-resilience", request, Bare, of_resilience()),
        Case::new("failsafe", request, Bare, Failsafe::new()),
        Case::new("recloser", request, Bare, Reclosed::new()),
        Case::new("seatbelt", request, Bare, of_seatbelt()),
    ]
}

/// Returns a service that answers like [`Bare`], in a breaker of tower-resilience.
fn of_resilience() -> impl Service<Request<Full<Bytes>>, Response = Answer> + Clone {
    let is_failure = |outcome: &Outcome| {
        outcome.as_ref().is_ok_and(|response| response.status().is_server_error())
    };
    let layer = CircuitBreakerLayer::builder().failure_classifier(is_failure).build();
    layer.expect("the settings are valid").layer(Bare)
}

fn of_seatbelt() -> impl Service<Request<Full<Bytes>>, Response = Answer> + Clone {
    // Its clock needs a runtime for its timers, of which the breaker has none.
    let runtime = Builder::new_current_thread().enable_time().build();
    let _entered = runtime.as_ref().expect("failed to create the runtime").enter();
    let context = ResilienceContext::new(Clock::new_tokio());
    SeatbeltBreaker::layer("upstream", &context)
        .recovery_with(|outcome: &Outcome, _| match outcome {
            Ok(response) if response.status().is_server_error() => RecoveryInfo::retry(),
            _ => RecoveryInfo::never(),
        })
        .rejected_input(|_, _| Ok(Response::default()))
        .layer(Bare)
}

type Policy = OrElse<SuccessRateOverTimeWindow<EqualJittered>, ConsecutiveFailures<EqualJittered>>;

/// A service that answers like [`Bare`], in a breaker of failsafe.
#[derive(Clone)]
struct Failsafe(StateMachine<Policy, ()>);

impl Failsafe {
    fn new() -> Self {
        Self(failsafe::Config::new().build())
    }
}

type BareFuture = <Bare as Service<Request<Full<Bytes>>>>::Future;

impl Service<Request<Full<Bytes>>> for Failsafe {
    type Response = Answer;
    type Error = failsafe::Error<Infallible>;
    type Future = failsafe::futures::ResponseFuture<BareFuture, Policy, (), failsafe::Any>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        self.0.call(Bare.call(request))
    }
}

/// A service that answers like [`Bare`], in a breaker of recloser.
#[derive(Clone)]
struct Reclosed(AsyncRecloser);

impl Reclosed {
    fn new() -> Self {
        Self(Recloser::default().into())
    }
}

impl Service<Request<Full<Bytes>>> for Reclosed {
    type Response = Answer;
    type Error = recloser::Error<Infallible>;
    type Future = RecloserFuture<BareFuture, AnyError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        self.0.call(Bare.call(request))
    }
}
