//! A check that never yields, on a runtime of several threads and in real time.
//!
//! Probes come from another runtime, as from an admin listener: the thread that is blocked may be the one that drives
//! the timers of its own.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    time::Duration,
};

use battlement_health::{Check, CheckState, Health, Probe, RunResult, Status};
use battlement_testkit::eventually;
use tokio::runtime::Builder;

use crate::script::entry;

const INTERVAL: Duration = Duration::from_millis(50);
const DEADLINE: Duration = Duration::from_secs(20);

/// Returns a registry with a check that blocks its thread while the flag is set and the sender exists.
fn blocking() -> (Health, Arc<AtomicBool>, mpsc::Sender<()>) {
    let flag = Arc::new(AtomicBool::new(false));
    let (release, blocked) = mpsc::channel();
    let (blocks, blocked) = (Arc::clone(&flag), Mutex::new(blocked));
    let state = move || {
        if blocks.load(Relaxed) {
            let _ = blocked.lock().unwrap().recv();
        }
        CheckState::pass("answered")
    };
    let check = Check::of_state("blocks", state).critical();
    (Health::builder().interval(INTERVAL).check(check).build(), flag, release)
}

#[tokio::test]
async fn a_check_that_never_yields_becomes_stale_while_probes_are_answered() {
    let main = Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let (health, blocks, release) = {
        let _entered = main.enter();
        blocking()
    };
    let status = || health.status(Probe::Ready);
    assert!(eventually(DEADLINE, || status() == Status::Pass).await);
    blocks.store(true, Relaxed);
    assert!(eventually(DEADLINE, || status() == Status::Fail).await);
    let reason = entry(&health, "blocks").state;
    assert!(reason.reason().starts_with("no result for "), "{reason}");
    assert_eq!(health.status(Probe::Live), Status::Pass);

    blocks.store(false, Relaxed);
    drop(release);
    // The blocked run has ended too late, and counts as one that timed out.
    let timeouts = || entry(&health, "blocks").runs.get(RunResult::Timeout);
    assert!(eventually(DEADLINE, || timeouts() > 0).await);
    assert!(eventually(DEADLINE, || status() == Status::Pass).await);
    drop(health);
    main.shutdown_background();
}
