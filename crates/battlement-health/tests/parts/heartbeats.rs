use std::{thread, time::Duration};

use battlement_health::{
    Health, Probe,
    Status::{Fail, Pass},
};
use tokio::time::{Instant, advance};

use crate::{find, reason, statuses};

const EVERY: Duration = Duration::from_secs(30);
const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn a_job_that_beats_is_alive_however_long_it_takes() {
    let health = Health::new();
    let heartbeat = health.heartbeat("outbox", EVERY);
    for _ in 0..100 {
        advance(EVERY - MS).await;
        assert_eq!(statuses(&health), [Pass, Pass, Pass]);
        heartbeat.beat();
    }
    heartbeat.finish();
    advance(EVERY).await;
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
    assert!(find(&health, "outbox").is_none());
}

#[tokio::test(start_paused = true)]
async fn an_overdue_beat_fails_liveness_alone_until_the_next_beat() {
    let health = Health::new();
    let heartbeat = health.heartbeat("outbox", EVERY);
    advance(EVERY).await;
    assert_eq!(statuses(&health), [Fail, Pass, Pass]);
    let expected = "the last beat was 30000 ms ago, and one is due every 30s";
    assert_eq!(reason(&health, "outbox"), expected);
    // A beat of a thread without a runtime.
    let heartbeat = thread::spawn(move || {
        heartbeat.beat();
        heartbeat
    });
    let heartbeat = heartbeat.join().unwrap();
    heartbeat.beat();
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
    assert_eq!(reason(&health, "outbox"), "beats on time");
}

#[tokio::test(start_paused = true)]
async fn a_watcher_learns_of_an_overdue_beat_without_a_probe() {
    let health = Health::new();
    let heartbeat = health.heartbeat("outbox", EVERY);
    let (mut watch, start) = (health.watch(), Instant::now());
    watch.wait_for(|summary| summary.live == Fail).await.unwrap();
    let after = start.elapsed();
    assert!(after >= EVERY && after <= EVERY + 5 * MS, "{after:?}");
    heartbeat.beat();
    watch.wait_for(|summary| summary.live == Pass).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_that_is_dropped_unfinished_fails_liveness_until_its_job_is_replaced() {
    let health = Health::new();
    drop(health.heartbeat("outbox", EVERY));
    assert_eq!(statuses(&health), [Fail, Pass, Pass]);
    let expected = "the heartbeat was dropped before its job was finished";
    assert_eq!(reason(&health, "outbox"), expected);
    let second = health.heartbeat("outbox", EVERY);
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
    second.finish();
}

#[tokio::test(start_paused = true)]
async fn while_the_service_drains_jobs_may_stop() {
    let health = Health::new();
    let (stopped, dropped) =
        (health.heartbeat("stopped", EVERY), health.heartbeat("dropped", EVERY));
    health.drain();
    advance(EVERY * 2).await;
    drop(dropped);
    assert_eq!(statuses(&health), [Pass, Fail, Pass]);
    let report = health.report(Probe::Live);
    assert_eq!(report.status, Pass);
    assert!(report.checks.iter().all(|check| check.status == Pass), "{report:?}");
    drop(stopped);
}

/// The longest time between two beats: a leap year.
const LONGEST: Duration = Duration::from_secs(31_622_400);

#[tokio::test(start_paused = true)]
async fn a_job_may_beat_once_a_year() {
    let health = Health::new();
    let heartbeat = health.heartbeat("outbox", LONGEST);
    advance(LONGEST - MS).await;
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
    heartbeat.beat();
    advance(LONGEST).await;
    assert_eq!(statuses(&health), [Fail, Pass, Pass]);
}

#[tokio::test]
#[should_panic(expected = "`every` must be greater than zero and at most 366 days, got 31622401s")]
async fn a_heartbeat_that_is_longer_than_a_year_is_refused() {
    let _heartbeat = Health::new().heartbeat("outbox", LONGEST + Duration::from_secs(1));
}

#[tokio::test]
#[should_panic(expected = "`every` must be greater than zero and at most 366 days, got 0ns")]
async fn a_heartbeat_without_a_period_is_refused() {
    let _heartbeat = Health::new().heartbeat("outbox", Duration::ZERO);
}

#[tokio::test]
#[should_panic(
    expected = "heartbeat `outbox`: `every` must be greater than zero and at most 366 days"
)]
async fn a_heartbeat_without_an_end_is_refused() {
    let _heartbeat = Health::new().heartbeat("outbox", Duration::MAX);
}
