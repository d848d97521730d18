//! The drain.

use battlement_core::{Phase, Phases};
use battlement_health::{CheckState, Health, Probe, Status};

use crate::script::statuses;

#[tokio::test]
async fn a_drain_fails_readiness_at_once_and_for_good_and_nothing_else() {
    let health = Health::new();
    assert!(!health.is_draining());
    assert_eq!(statuses(&health, Probe::Ready), ["ping pass", "shutdown pass"]);
    for _ in 0..2 {
        health.drain();
        assert!(health.is_draining());
        let statuses = Probe::ALL.map(|probe| health.status(probe));
        assert_eq!(statuses, [Status::Pass, Status::Fail, Status::Pass]);
    }
    let report = health.report(Probe::Ready);
    let shutdown = report.checks.last().unwrap();
    assert_eq!((&*shutdown.name, report.status), ("shutdown", Status::Fail));
    assert_eq!(shutdown.state, CheckState::fail("the service is shutting down"));
}

#[tokio::test(start_paused = true)]
async fn the_phases_of_a_process_drain_at_once_and_wake_watchers_without_a_probe() {
    let (writer, phases) = Phases::new();
    let health = Health::builder().phases(phases.clone()).build();
    let mut watch = health.watch();
    assert_eq!(health.status(Probe::Ready), Status::Pass);
    writer.advance(Phase::Unready);
    // No task has run in between.
    assert_eq!(health.status(Probe::Ready), Status::Fail);

    let unprobed = Health::builder().phases(phases).build();
    let mut unprobed = unprobed.watch();
    for watch in [&mut watch, &mut unprobed] {
        let summary = *watch.wait_for(|summary| summary.is_draining).await.unwrap();
        assert_eq!((summary.live, summary.ready), (Status::Pass, Status::Fail));
    }
}

#[tokio::test]
async fn every_reading_sees_the_phases_at_once() {
    for read in [
        |health: &Health| health.is_draining(),
        |health: &Health| health.report(Probe::Ready).status == Status::Fail,
        |health: &Health| health.status(Probe::Ready) == Status::Fail,
    ] {
        let (writer, phases) = Phases::new();
        let health = Health::builder().phases(phases).build();
        assert!(!read(&health));
        writer.advance(Phase::Done);
        assert!(read(&health));
    }
}
