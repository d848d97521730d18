//! Ours under the conditions of `checks`.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::Router;
use battlement_health::{Check, CheckState, Health, RunResult, Status};
use battlement_testkit::eventually;
use http::StatusCode;
use tokio::time::{Instant, sleep};

use crate::{DSN, SECOND, http::probe};

/// Returns a registry with this check, and the endpoints for it.
fn of_ours(check: Check) -> (Health, Router) {
    let health = Health::builder().check(check).build();
    let app = Router::new().fallback_service(health.service());
    (health, app)
}

/// Waits until readiness passes.
async fn passes(health: &Health) {
    health.watch().wait_for(|now| now.ready == Status::Pass).await.unwrap();
}

/// Waits for the first result of the only check.
async fn has_run(health: &Health) {
    assert!(eventually(SECOND, || health.checks()[0].runs.total() == 1).await);
}

#[tokio::test(start_paused = true)]
async fn ours_runs_no_check_for_a_probe() {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let check = move || {
        counted.fetch_add(1, Relaxed);
        async { CheckState::pass("") }
    };
    let (health, app) = of_ours(Check::new("db", check).critical());
    passes(&health).await;
    for _ in 0..10 {
        assert_eq!(probe(&app, "/readyz").await.status, StatusCode::OK);
    }
    assert_eq!(runs.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn ours_runs_its_checks_at_the_same_time_and_waits_for_none() {
    let slow = async || {
        sleep(SECOND).await;
        CheckState::pass("")
    };
    let three = ["db", "mail", "queue"].into_iter();
    let checks = three.map(|name| Check::new(name, slow).critical());
    let started = Instant::now();
    let health = checks.fold(Health::builder(), |all, check| all.check(check)).build();
    passes(&health).await;
    assert_eq!(started.elapsed(), SECOND);

    let (_health, app) = of_ours(Check::new("db", pending::<CheckState>).critical());
    let started = Instant::now();
    assert_eq!(probe(&app, "/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_check_of_ours_that_panics_is_a_failed_run() {
    let panics = async || -> CheckState { panic!("the check panicked") };
    let (health, app) = of_ours(Check::new("db", panics));
    has_run(&health).await;
    assert_eq!(probe(&app, "/readyz").await.status, StatusCode::OK);
    assert_eq!(health.checks()[0].runs.get(RunResult::Panic), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_of_ours_degrades_readiness_and_fails_it_if_it_is_critical() {
    let fails = || Check::new("mail", async || CheckState::fail("unreachable"));
    let (health, app) = of_ours(fails());
    has_run(&health).await;
    let answer = probe(&app, "/readyz").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.body.contains("[!]mail degraded"), "{}", answer.body);

    let (health, app) = of_ours(fails().critical());
    has_run(&health).await;
    assert_eq!(probe(&app, "/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(probe(&app, "/livez").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn ours_withholds_each_reason_and_forbids_caches_to_keep_the_answer() {
    let check = Check::new("db", async || CheckState::fail(format!("cannot reach {DSN}")));
    let (health, app) = of_ours(check);
    has_run(&health).await;
    for path in ["/readyz", "/readyz?verbose", "/readyz/db", "/health", "/health?format=spring"] {
        let answer = probe(&app, path).await;
        assert!(answer.body.contains("db") || path == "/readyz/db", "{path}: {}", answer.body);
        assert!(!answer.body.contains("hunter2"), "{path}: {}", answer.body);
        assert!(!answer.body.contains("cannot reach"), "{path}: {}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn ours_refuses_two_checks_of_one_name() {
    let check = || Check::new("db", async || CheckState::pass(""));
    let refused = Health::builder().check(check()).check(check()).try_build().unwrap_err();
    assert!(refused.to_string().contains("db"), "{refused}");
}
