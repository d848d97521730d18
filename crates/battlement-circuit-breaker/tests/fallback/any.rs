//! Fallbacks of services of any request and response.

use std::io;

use battlement_circuit_breaker::{
    CircuitBreakerLayer, CircuitOpen, Failure, FallbackLayer, FallbackOn, FallbackOutcome,
    RejectionKind, judge_boxed_error, judge_error,
};
use battlement_core::Verdict;
use battlement_testkit::probe::{CallProbe, ProbeError, Reply};
use tower::{BoxError, Layer as _, ServiceExt as _, service_fn};

use crate::support::Seen;

const RESET: ProbeError = ProbeError::new("reset");

fn database() -> CallProbe<&'static str, u32> {
    let probe = CallProbe::new(1);
    probe.always(Reply::error(RESET));
    probe
}

#[tokio::test]
async fn a_value_answers_a_query_that_failed() {
    let seen = Seen::default();
    let layer = FallbackLayer::any_value(7).observe(seen.clone());
    assert_eq!(layer.layer(database()).oneshot("SELECT").await, Ok(7));
    assert_eq!(seen.take(), [(Failure::Transport, FallbackOutcome::Answered)]);
    assert_eq!(layer.layer(CallProbe::new(1)).oneshot("SELECT").await, Ok(1));
    assert_eq!(seen.take(), []);
}

#[tokio::test]
async fn a_closure_answers_from_the_request_or_declines() {
    let layer = FallbackLayer::any_closure(|query: &&str, failure| match *query {
        "SELECT" if failure == Failure::Transport => Some(7),
        _ => None,
    });
    assert_eq!(layer.layer(database()).oneshot("SELECT").await, Ok(7));
    assert_eq!(layer.layer(database()).oneshot("DELETE").await, Err(RESET));
}

#[tokio::test]
async fn a_replica_answers_a_query_that_failed_or_the_first_error_goes_back() {
    let (replica, seen) = (CallProbe::new(7), Seen::default());
    let layer = FallbackLayer::any_service(replica.clone()).observe(seen.clone());
    let service = layer.layer(database());
    assert_eq!(service.clone().oneshot("SELECT").await, Ok(7));
    replica.always(Reply::error(ProbeError::new("closed")));
    assert_eq!(service.clone().oneshot("SELECT 2").await, Err(RESET));
    assert_eq!(replica.take_requests(), ["SELECT", "SELECT 2"]);
    assert_eq!(seen.outcomes(), [FallbackOutcome::Answered, FallbackOutcome::Failed]);
    assert_eq!(service.into_inner().counts().in_flight, 0);
}

#[tokio::test]
async fn a_judgment_of_the_users_own_decides_what_a_failure_is() {
    let empty_is_failure = |result: Result<&u32, &io::Error>| match result {
        Ok(0) => Verdict::Failure(Failure::Server),
        other => judge_error(other),
    };
    let rows = service_fn(async |rows: u32| Ok::<_, io::Error>(rows));
    let service = FallbackLayer::any_value(7).judge(empty_is_failure).layer(rows);
    assert_eq!(service.clone().oneshot(0).await.unwrap(), 7);
    assert_eq!(service.oneshot(3).await.unwrap(), 3);
    // A replica whose answer is a failure too has not answered.
    let layer = FallbackLayer::any_service(rows).judge(empty_is_failure);
    assert_eq!(layer.layer(rows).oneshot(0).await.unwrap(), 0);
}

#[tokio::test]
async fn an_open_breaker_of_any_service_is_a_rejection() {
    let breaker = CircuitBreakerLayer::new("db").judge(judge_error).as_error();
    let (breaker, handle) = breaker.pair();
    handle.force_open();
    let seen = Seen::default();
    let layer = FallbackLayer::any_value(7).judge(judge_boxed_error).observe(seen.clone());
    let query = breaker.layer(database());
    assert_eq!(layer.layer(query.clone()).oneshot("SELECT").await.unwrap(), 7);
    let rejected = Failure::Rejected(RejectionKind::CircuitOpen);
    assert_eq!(seen.take(), [(rejected, FallbackOutcome::Answered)]);
    let others = layer.on([FallbackOn::Timeout, FallbackOn::Server, FallbackOn::Transport]);
    let error: BoxError = others.layer(query).oneshot("SELECT").await.unwrap_err();
    assert!(error.is::<CircuitOpen>());
}

#[tokio::test]
async fn a_disabled_layer_passes_errors_on() {
    let layer = FallbackLayer::any_value(7).enabled(false);
    assert_eq!(layer.layer(database()).oneshot("SELECT").await, Err(RESET));
}
