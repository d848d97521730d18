use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use axum_health::prelude::{Health, HealthDetail, HealthStatus};
use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    DSN, SECOND,
    http::{Indicator, of_axum_health, probe},
};

#[tokio::test]
async fn axum_health_runs_each_check_for_each_probe() {
    let runs = Arc::new(AtomicU32::new(0));
    let counted = runs.clone();
    let check = Indicator("db", move || {
        counted.fetch_add(1, Relaxed);
        async { HealthDetail::up() }
    });
    let app = of_axum_health(Health::builder().with_indicator(check).build());
    for _ in 0..10 {
        assert_eq!(probe(&app, "/health").await.status, StatusCode::OK);
    }
    assert_eq!(runs.load(Relaxed), 10);
}

#[tokio::test(start_paused = true)]
async fn axum_health_runs_its_checks_one_after_another_and_waits_for_each() {
    let slow = async || {
        sleep(SECOND).await;
        HealthDetail::up()
    };
    let three = ["db", "mail", "queue"].into_iter();
    let health =
        three.fold(Health::builder(), |all, name| all.with_indicator(Indicator(name, slow)));
    let started = Instant::now();
    probe(&of_axum_health(health.build()), "/health").await;
    assert_eq!(started.elapsed(), 3 * SECOND);

    let hangs = Health::builder().with_indicator(Indicator("db", pending));
    let app = of_axum_health(hangs.build());
    assert!(timeout(3600 * SECOND, probe(&app, "/health")).await.is_err());
}

#[tokio::test]
async fn a_check_of_axum_health_that_panics_panics_the_probe() {
    let panics = async || -> HealthDetail { panic!("the check panicked") };
    let app = of_axum_health(Health::builder().with_indicator(Indicator("db", panics)).build());
    let probed = tokio::spawn(async move { probe(&app, "/health").await.status });
    assert!(probed.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn one_failed_check_fails_the_only_endpoint_of_axum_health() {
    let health = Health::builder()
        .with_ping()
        .with_indicator(Indicator("mail", async || HealthDetail::down()))
        .build();
    let answer = probe(&of_axum_health(health), "/health").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], "Down"); // not `DOWN`, as Spring has it
}

#[tokio::test]
async fn axum_health_shows_each_detail_and_lets_a_cache_keep_the_answer() {
    let check = async || HealthDetail::down().with_detail("error", format!("cannot reach {DSN}"));
    let health = Health::builder().with_indicator(Indicator("db", check)).build();
    let app = of_axum_health(health);
    let answer = probe(&app, "/health").await;
    assert!(answer.body.contains(DSN));
    assert_eq!(probe(&app, "/health?verbose").await.body, answer.body);
    assert!(!answer.headers.contains_key("cache-control"));
}

#[tokio::test]
async fn the_last_check_of_a_name_replaces_the_others_in_axum_health() {
    let health = Health::builder()
        .with_indicator(Indicator("db", async || HealthDetail::down()))
        .with_indicator(Indicator("db", async || HealthDetail::up()))
        .build();
    assert_eq!(probe(&of_axum_health(health), "/health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_status_of_axum_health_hides_a_failed_check() {
    let unknown = async || HealthDetail::new(HealthStatus::Unknown);
    let health = Health::builder()
        .with_indicator(Indicator("db", async || HealthDetail::down()))
        .with_indicator(Indicator("mail", unknown))
        .build();
    let answer = probe(&of_axum_health(health), "/health").await;
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], "Unknown");
}
