//! Errors that a service returns instead of a response.

use std::{
    convert::Infallible,
    fmt, io,
    sync::{Arc, Mutex},
    time::Duration,
};

use battlement_core::{Rejection, RejectionKind};
use battlement_problem::{Problem, ProblemLayer};
use battlement_testkit::probe::{Probe, ProbeBody, ProbeError};
use http::{Request, StatusCode};
use tower::{Layer, ServiceExt};

use crate::exchange::{BoxError, ID, send};

/// The typed client error of another battlement layer, with a rejection as its source.
#[derive(Debug)]
struct CircuitOpen(Rejection);

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("billing.internal:8443 is off")
    }
}

impl std::error::Error for CircuitOpen {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test]
async fn an_unknown_error_is_a_bug() {
    let answer = send(ProblemLayer::new(), &[], async |_| {
        Err(io::Error::other("cannot open /etc/shop/key.pem"))
    });
    let answer = answer.await;
    assert_eq!(answer.status(), 500);
    assert_eq!(answer.json()["code"], "internal");
    assert!(!answer.all().contains("key.pem"));
    assert!(answer.log.contains("key.pem") && answer.log.contains(ID), "{}", answer.log);
}

#[tokio::test]
async fn a_problem_passes_through_services_with_boxed_errors() {
    let answer = send(ProblemLayer::new(), &[], async |_| {
        let problem =
            Problem::new(StatusCode::IM_A_TEAPOT, "short_and_stout").detail("tip me over");
        Err(BoxError::from(problem))
    });
    let answer = answer.await;
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.json()["detail"], "tip me over");
    assert_eq!(answer.log, "", "without a cause all was told");
}

#[tokio::test]
async fn a_problem_inside_an_io_error_is_found() {
    let problem = || {
        let problem = Problem::new(StatusCode::CONFLICT, "taken").detail("choose another");
        io::Error::other(BoxError::from(problem))
    };
    let answer = send(ProblemLayer::new(), &[], async |_| Err(problem())).await;
    assert_eq!(
        (answer.status(), &answer.json()["detail"]),
        (StatusCode::CONFLICT, &"choose another".into())
    );
    let nested = async |_| Err(io::Error::other(problem()));
    assert_eq!(send(ProblemLayer::new(), &[], nested).await.status(), 409);

    let by_a_question_mark = || -> Result<Infallible, Problem> { Err(problem())? };
    let found = by_a_question_mark().unwrap_err();
    assert_eq!((found.status(), found.text()), (StatusCode::CONFLICT, Some("choose another")));
}

#[tokio::test]
async fn an_explainer_sees_the_error_inside_an_io_error() {
    let layer = ProblemLayer::new().explain(|error| {
        error.is::<CircuitOpen>().then(|| Problem::of_status(StatusCode::BAD_GATEWAY))
    });
    let hidden = || io::Error::other(CircuitOpen(Rejection::new(RejectionKind::CircuitOpen)));
    let answer = send(layer, &[], async |_| Err(hidden())).await;
    assert_eq!(answer.status(), 502);
}

#[tokio::test]
async fn battlement_rejections_are_found_anywhere_in_the_chain() {
    let wait = Duration::from_millis(1500);
    let rejection = Rejection::new(RejectionKind::CircuitOpen).retry_in(wait);
    let answer = send(ProblemLayer::new(), &[], async |_| Err(CircuitOpen(rejection))).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.json()["code"], "circuit_open");
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert!(!answer.all().contains("billing"));
    assert!(answer.log.contains("billing.internal") && answer.log.contains("WARN"));
    assert_eq!(answer.response.extensions().get(), Some(&rejection));
}

#[tokio::test]
async fn battlement_rejections_convert_by_the_question_mark() {
    let rejection = Rejection::new(RejectionKind::CircuitOpen);
    let answer = send(ProblemLayer::new(), &[], async |_| {
        let call = || -> Result<Infallible, Problem> { Err(CircuitOpen(rejection))? };
        match call() {
            Ok(never) => match never {},
            Err(problem) => Err(problem),
        }
    });
    let answer = answer.await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.response.extensions().get(), Some(&rejection));
}

#[tokio::test]
async fn the_user_s_explainer_runs_first() {
    let layer = ProblemLayer::new().explain(|error| {
        let error = error.downcast_ref::<io::Error>()?;
        let full = error.kind() == io::ErrorKind::StorageFull;
        full.then(|| Problem::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full"))
    });
    let full = || io::Error::new(io::ErrorKind::StorageFull, "/var is full");
    let answer = send(layer.clone(), &[], async |_| Err(full())).await;
    assert_eq!(answer.status(), 507);
    assert!(answer.log.contains("/var is full") && !answer.all().contains("/var"));
    let answer = send(layer, &[], async |_| Err(io::Error::other("?"))).await;
    assert_eq!(answer.status(), 500);
}

#[tokio::test]
async fn client_text_in_an_error_cannot_start_a_log_line() {
    let chains = Arc::new(Mutex::new(Vec::new()));
    let layer = ProblemLayer::new().on_bug({
        let chains = Arc::clone(&chains);
        move |bug| chains.lock().unwrap().push(bug.chain())
    });
    let forged = "no such user: x\n2026-01-01 INFO paid\u{1b}[2K\u{85}";
    let answer = send(layer, &[], async |_| Err(io::Error::other(forged))).await;
    assert_eq!(answer.status(), 500);
    assert!(!answer.log.contains("\n2026-01-01"), "{}", answer.log);
    let expected = "no such user: x\\n2026-01-01 INFO paid\\u{1b}[2K\\u{85}";
    assert_eq!(*chains.lock().unwrap(), [expected]);
}

#[tokio::test]
async fn a_bug_reaches_the_hook_and_a_panic_of_the_hook_is_caught() {
    let bugs = Arc::new(Mutex::new(Vec::new()));
    let layer = ProblemLayer::new().on_bug({
        let bugs = Arc::clone(&bugs);
        move |bug| {
            let id = bug.request_id().unwrap().to_string();
            bugs.lock().unwrap().push((id, bug.chain(), bug.panic().is_some()));
            panic!("in the hook");
        }
    });
    let answer = send(layer, &[], async |_| Err(io::Error::other("broken"))).await;
    assert_eq!(answer.status(), 500);
    assert_eq!(*bugs.lock().unwrap(), [(ID.to_owned(), "broken".to_owned(), false)]);
}

#[tokio::test]
async fn an_error_of_poll_ready_is_answered() {
    let probe = Probe::new();
    probe.fail_readiness(ProbeError::new("the pool is gone"));
    let service = ProblemLayer::new().layer(probe);
    let response = service.oneshot(Request::new(ProbeBody::empty())).await.unwrap();
    assert_eq!(response.status(), 500);
}
