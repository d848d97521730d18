//! Calls that are dropped at each point.

use battlement_circuit_breaker::{FallbackBody, FallbackLayer, FallbackOutcome};
use battlement_testkit::probe::{Gate, Probe, ProbeBody, ProbeError, Reply};
use futures_util::FutureExt as _;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer as _, Service as _, ServiceExt};

use crate::support::Seen;

type Outcome = Result<Response<FallbackBody<ProbeBody, ProbeBody>>, ProbeError>;

/// A call that falls back to another service.
struct Calls {
    first: Probe,
    other: Probe,
    seen: Seen,
}

impl Calls {
    fn new(first: Reply, other: Reply) -> Self {
        let calls = Self { first: Probe::new(), other: Probe::new(), seen: Seen::default() };
        calls.first.always(first);
        calls.other.always(other);
        calls
    }

    fn call(&self) -> impl Future<Output = Outcome> {
        let layer = FallbackLayer::service(self.other.clone()).observe(self.seen.clone());
        let mut service = layer.layer(self.first.clone());
        let service = ServiceExt::<Request<ProbeBody>>::ready(&mut service).now_or_never();
        service.unwrap().unwrap().call(Request::new(ProbeBody::from("order 7")))
    }

    /// Asserts that neither service holds a call, and that the fallback was called `calls` times.
    fn assert_idle(&self, calls: usize) {
        assert_eq!((self.first.counts().in_flight, self.other.counts().in_flight), (0, 0));
        assert_eq!(self.other.counts().calls, calls);
        assert_eq!((self.first.misuses(), self.other.misuses()), (vec![], vec![]));
    }
}

fn broken() -> Reply {
    Reply::error(ProbeError::new("reset"))
}

#[test]
fn a_call_that_is_dropped_unpolled_holds_nothing() {
    let calls = Calls::new(broken(), Reply::default());
    drop(calls.call());
    calls.assert_idle(0);
}

#[test]
fn a_call_that_is_dropped_in_flight_has_no_fallback() {
    let calls = Calls::new(Reply::never(), Reply::default());
    let mut call = task::spawn(calls.call());
    assert_pending!(call.poll());
    assert_eq!(calls.first.counts().in_flight, 1);
    drop(call);
    calls.assert_idle(0);
    assert_eq!(calls.seen.outcomes(), []);
}

#[test]
fn a_call_that_is_dropped_while_the_fallback_is_not_ready_holds_nothing() {
    let calls = Calls::new(Reply::status(StatusCode::BAD_GATEWAY), Reply::default());
    calls.other.ready_when(&Gate::new());
    let mut call = task::spawn(calls.call());
    assert_pending!(call.poll());
    drop(call);
    calls.assert_idle(0);
    assert_eq!(calls.seen.outcomes(), []);
}

#[test]
fn a_call_that_is_dropped_while_the_fallback_runs_holds_nothing() {
    let calls = Calls::new(broken(), Reply::never());
    let mut call = task::spawn(calls.call());
    assert_pending!(call.poll());
    // The failed call is over before the fallback begins.
    assert_eq!((calls.first.counts().futures, calls.other.counts().in_flight), (0, 1));
    drop(call);
    calls.assert_idle(1);
    assert_eq!((calls.other.counts().cancelled, calls.seen.outcomes()), (1, vec![]));
}

#[test]
fn a_response_of_the_fallback_that_is_dropped_in_its_body_holds_nothing() {
    let body = ProbeBody::from("first").wait(&Gate::new()).data("second");
    let calls = Calls::new(broken(), Reply::body(body));
    let mut call = task::spawn(calls.call());
    let body = assert_ready!(call.poll()).unwrap().into_body();
    drop(call);
    let mut body = Box::pin(body);
    let first = assert_ready!(task::spawn(body.frame()).poll());
    assert!(first.unwrap().is_ok());
    assert_eq!(calls.other.counts().in_flight, 1);
    drop(body);
    assert_eq!((calls.other.counts().cancelled_bodies, calls.other.counts().in_flight), (1, 0));
    calls.assert_idle(1);
    assert_eq!(calls.seen.outcomes(), [FallbackOutcome::Answered]);
}

#[test]
fn the_failed_response_is_held_until_the_fallback_has_answered() {
    let gate = Gate::new();
    let failed = Response::builder().status(502).body(ProbeBody::from("why")).unwrap();
    let calls = Calls::new(Reply::respond(failed), Reply::default().when(&gate));
    let mut call = task::spawn(calls.call());
    assert_pending!(call.poll());
    assert_eq!(calls.first.counts().in_flight, 1);
    gate.open();
    assert!(call.is_woken());
    let response = assert_ready!(call.poll()).unwrap();
    assert_eq!((response.status(), calls.first.counts().in_flight), (StatusCode::OK, 0));
    drop(response);
    drop(call);
    calls.assert_idle(1);
}

#[test]
fn a_fallback_whose_readiness_fails_returns_the_first_failure() {
    let calls = Calls::new(broken(), Reply::default());
    calls.other.fail_readiness(ProbeError::new("closed"));
    let error = assert_ready!(task::spawn(calls.call()).poll()).err();
    assert_eq!(error, Some(ProbeError::new("reset")));
    assert_eq!(calls.seen.outcomes(), [FallbackOutcome::Failed]);
    calls.assert_idle(0);
}
