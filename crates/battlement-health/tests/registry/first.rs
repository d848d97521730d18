//! The first results.

use battlement_health::{Check, CheckState, Health, Probe, Status};

#[tokio::test(start_paused = true)]
async fn a_critical_check_fails_until_its_first_result_which_counts_at_once() {
    let check = Check::new("database", || async { Ok::<(), String>(()) }).critical();
    let health = Health::builder().check(check).build();
    let mut watch = health.watch();
    assert_eq!(health.status(Probe::Ready), Status::Fail);
    watch.wait_for(|summary| summary.ready == Status::Pass).await.unwrap();
    assert_eq!(health.status(Probe::Ready), Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn any_other_check_degrades() {
    let check = Check::of_state("breaker", || CheckState::fail("open"));
    let health = Health::builder().check(check).build();
    let mut watch = health.watch();
    watch.wait_for(|summary| summary.ready == Status::Degraded).await.unwrap();
    assert_eq!(health.status(Probe::Live), Status::Pass);
}
