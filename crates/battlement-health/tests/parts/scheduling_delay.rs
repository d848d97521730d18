use std::{
    sync::mpsc::{Sender, channel},
    time::Duration,
};

use battlement_health::{Health, Probe, Status, checks};
use battlement_testkit::eventually;
use tokio::runtime::{Builder, Runtime};

use crate::reason;

const WORKERS: usize = 2;
const DEADLINE: Duration = Duration::from_secs(20);

/// Blocks every worker until the returned value is dropped.
fn block(runtime: &Runtime) -> Vec<Sender<()>> {
    let (started, has_started) = channel();
    let block = |_| {
        let (release, released) = channel::<()>();
        let started = started.clone();
        runtime.spawn(async move {
            started.send(()).unwrap();
            let _ = released.recv();
        });
        release
    };
    let blocks = (0..WORKERS).map(block).collect();
    for _ in 0..WORKERS {
        has_started.recv_timeout(DEADLINE).unwrap();
    }
    blocks
}

/// Reads on another runtime than that of the service, as an admin listener does.
#[test]
fn while_every_worker_is_blocked_the_delay_shows_in_readiness_alone() {
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().unwrap();
    let most = Duration::from_millis(400);
    let health = runtime.block_on(async {
        Health::builder().check(checks::scheduling_delay(most).critical()).build()
    });
    let health = &health;
    let admin = Builder::new_current_thread().enable_all().build().unwrap();
    let is =
        |status| admin.block_on(eventually(DEADLINE, || health.status(Probe::Ready) == status));
    assert!(is(Status::Pass));
    let blocks = block(&runtime);
    assert!(is(Status::Degraded), "a critical check does not fail either");
    let reason = reason(health, "scheduling-delay");
    let waited = reason.strip_prefix("a task has waited for a thread for ").unwrap();
    let (waited, rest) = waited.split_once(' ').unwrap();
    assert!(waited.parse::<u64>().unwrap() >= 400 && rest == "ms, more than 400 ms", "{reason}");
    assert_eq!(health.status(Probe::Live), Status::Pass);
    assert_eq!(health.status(Probe::Startup), Status::Pass);
    drop(blocks);
    assert!(is(Status::Pass));
    runtime.shutdown_background();
}

#[tokio::test]
async fn a_delay_of_any_length_can_be_allowed() {
    let delay = checks::scheduling_delay(Duration::MAX).critical();
    let health = Health::builder().check(delay).build();
    assert_eq!(health.status(Probe::Ready), Status::Pass);
}
