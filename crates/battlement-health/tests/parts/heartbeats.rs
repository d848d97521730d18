use std::time::Duration;

use battlement_health::{
    Health,
    Status::{Fail, Pass},
};
use tokio::time::advance;

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

#[tokio::test]
#[should_panic(expected = "`every` must be greater than zero and at most a year, got 0ns")]
async fn a_heartbeat_without_a_period_is_refused() {
    let _heartbeat = Health::new().heartbeat("outbox", Duration::ZERO);
}

#[tokio::test]
#[should_panic(
    expected = "heartbeat `outbox`: `every` must be greater than zero and at most a year"
)]
async fn a_heartbeat_without_an_end_is_refused() {
    let _heartbeat = Health::new().heartbeat("outbox", Duration::MAX);
}
