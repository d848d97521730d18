//! A database query through a breaker, which needs no HTTP.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{borrow::Cow, io};

use battlement_circuit_breaker::{CircuitBreakerLayer, CircuitOpen, State, judge_error};
use battlement_testkit::depends_on;
use tower::{Layer as _, ServiceExt as _, service_fn};

/// A query of a tenant.
struct Query {
    tenant: &'static str,
    fails: bool,
}

async fn run(query: Query) -> io::Result<u64> {
    if query.fails { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(7) }
}

const fn query(tenant: &'static str, fails: bool) -> Query {
    Query { tenant, fails }
}

#[tokio::test(start_paused = true)]
async fn a_database_that_fails_is_not_asked() {
    let (layer, handle) = CircuitBreakerLayer::new("database").judge(judge_error).as_error().pair();
    let database = layer.layer(service_fn(run));
    assert_eq!(database.clone().oneshot(query("a", false)).await.unwrap(), 7);
    for _ in 0..5 {
        let error = database.clone().oneshot(query("a", true)).await.unwrap_err();
        assert!(error.is::<io::Error>());
    }
    assert_eq!(handle.state(), State::Open);
    let error = database.oneshot(query("a", false)).await.unwrap_err();
    assert!(error.is::<CircuitOpen>());
}

#[tokio::test(start_paused = true)]
async fn each_key_of_a_closure_has_a_state_of_its_own() {
    let layer = CircuitBreakerLayer::new("database").judge(judge_error).as_error();
    let layer = layer.key_by(|query: &Query| Some(Cow::Borrowed(query.tenant)));
    let database = layer.layer(service_fn(run));
    for _ in 0..5 {
        database.clone().oneshot(query("a", true)).await.unwrap_err();
    }
    assert!(database.clone().oneshot(query("a", false)).await.unwrap_err().is::<CircuitOpen>());
    assert_eq!(database.oneshot(query("b", false)).await.unwrap(), 7);
}

#[cfg(not(feature = "http"))]
#[tokio::test(start_paused = true)]
async fn without_http_errors_are_judged_by_default() {
    let (layer, handle) = CircuitBreakerLayer::new("database").pair();
    let database = layer.layer(service_fn(run));
    for _ in 0..5 {
        database.clone().oneshot(query("a", true)).await.unwrap_err();
    }
    assert_eq!(handle.state(), State::Open);
}

#[test]
fn a_build_without_default_features_does_not_contain_http() {
    let folder = env!("CARGO_MANIFEST_DIR");
    assert!(!depends_on(folder, &["--no-default-features"], "http"));
    assert!(depends_on(folder, &[], "http"));
}
