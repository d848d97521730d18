//! The results of health checks on the page.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod page;

use std::{future::pending, time::Duration};

use battlement_health::{Check, CheckState, Health, Probe, TaskPolicy};
use battlement_metrics::{Exposition, Format};
use tokio::time::sleep;

use self::page::accepted;

/// Asserts that the page has these samples, whose names begin alike.
fn has(text: &str, samples: &[&str]) {
    for sample in samples {
        let line = format!("battlement_health_{sample}\n");
        assert!(text.contains(&line), "{line} in: {text}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_series_is_at_0_from_the_registration_on() {
    let check = Check::new("database", pending::<CheckState>).critical();
    let health = Health::builder().check(check).build();
    let _gate = health.gate("listener");
    drop(tokio::spawn(health.supervise("outbox", TaskPolicy::restart(1), pending::<()>)));
    let [text, open] = accepted(&Exposition::new().health(&health).health(&health));
    let samples = [
        "status{probe=\"live\"} 1",
        "status{probe=\"ready\"} 0",
        "status{probe=\"startup\"} 0",
        "check_state{check=\"database\",state=\"pass\"} 0",
        "check_state{check=\"database\",state=\"degraded\"} 0",
        "check_state{check=\"database\",state=\"fail\"} 1",
        "check_state{check=\"listener\",state=\"fail\"} 1",
        "check_state{check=\"outbox\",state=\"pass\"} 1",
        "check_seconds{check=\"database\"} 0",
        "check_runs_total{check=\"database\",result=\"pass\"} 0",
        "check_runs_total{check=\"database\",result=\"degraded\"} 0",
        "check_runs_total{check=\"database\",result=\"fail\"} 0",
        "check_runs_total{check=\"database\",result=\"timeout\"} 0",
        "check_runs_total{check=\"database\",result=\"panic\"} 0",
        "task_restarts_total{task=\"outbox\"} 0",
    ];
    has(&text, &samples);
    assert!(open.contains("# TYPE battlement_health_check_runs counter\n"), "{open}");
    for name in ["ping", "shutdown"] {
        assert!(!text.contains(name), "the registry's own entries are not checks: {text}");
    }
    // A gate and a task have no runs.
    assert_eq!(text.matches("battlement_health_check_runs_total{").count(), 5, "{text}");
    assert_eq!(text.matches("battlement_health_check_seconds{").count(), 1, "{text}");
}

#[tokio::test(start_paused = true)]
async fn results_durations_and_restarts_are_read_at_the_scrape() {
    let slow = || async {
        sleep(Duration::from_millis(250)).await;
        CheckState::degraded("slow")
    };
    let health = Health::builder().check(Check::new("search", slow)).build();
    let shown = Exposition::new().health(&health);
    // Before its first result, the check degrades as well.
    sleep(Duration::from_secs(1)).await;
    let text = shown.render(Format::Text);
    has(
        &text,
        &["status{probe=\"ready\"} 0.5", "check_state{check=\"search\",state=\"degraded\"} 1"],
    );
    has(&text, &["check_runs_total{check=\"search\",result=\"degraded\"} 1"]);
    let seconds = text.lines().find_map(|line| {
        line.strip_prefix("battlement_health_check_seconds{check=\"search\"} ")?.parse::<f64>().ok()
    });
    assert!((0.25..0.26).contains(&seconds.unwrap()), "{text}");

    health.supervise("outbox", TaskPolicy::restart(2), || async {}).await;
    let text = shown.render(Format::Text);
    has(&text, &["task_restarts_total{task=\"outbox\"} 2", "status{probe=\"live\"} 0"]);
    has(&text, &["check_state{check=\"outbox\",state=\"fail\"} 1"]);
}

#[tokio::test(start_paused = true)]
async fn the_series_of_a_check_end_when_it_is_unregistered() {
    let health = Health::new();
    let shown = Exposition::new().health(&health);
    let check = health.check(Check::of_state("tenant-7", || CheckState::pass("ok"))).unwrap();
    assert!(shown.render(Format::Text).contains("check=\"tenant-7\""));
    drop(check);
    let text = shown.render(Format::Text);
    assert!(!text.contains("tenant-7"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn no_label_contains_a_reason() {
    let marker = "postgres://shop:hunter2@db.internal/orders";
    let check = Check::of_state("database", move || CheckState::fail(marker)).critical();
    let health = Health::builder().check(check).build();
    let task = move || async move { Err::<(), _>(marker) };
    health.supervise("outbox", TaskPolicy::fail(), task).await;
    sleep(Duration::from_secs(1)).await;
    assert!(
        health
            .report(Probe::Ready)
            .checks
            .iter()
            .any(|check| check.state.reason().contains("db.internal"))
    );
    let text = accepted(&Exposition::new().health(&health)).concat();
    for part in ["hunter2", "db.internal", "postgres", "orders"] {
        assert!(!text.contains(part), "{part} in: {text}");
    }
}
