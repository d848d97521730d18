//! The ends of checks and registries.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use battlement_health::{Check, CheckState, Health, Phases, Probe, Status};
use battlement_testkit::eventually;
use tokio::{runtime::Handle, time::sleep};

use crate::script::{SECOND, Script, statuses};

const DEADLINE: Duration = Duration::from_secs(10);

/// Returns a check whose runs hang, and the number of its futures.
fn hanging(name: &'static str) -> (Check, Arc<AtomicU64>) {
    struct Alive(Arc<AtomicU64>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Relaxed);
        }
    }
    let count = Arc::<AtomicU64>::default();
    let futures = Arc::clone(&count);
    let run = move || {
        futures.fetch_add(1, Relaxed);
        let alive = Alive(Arc::clone(&futures));
        async move {
            pending::<()>().await;
            drop(alive);
            CheckState::pass("")
        }
    };
    (Check::new(name, run), count)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_is_unregistered_while_it_runs() {
    let health = Health::new();
    let (check, futures) = hanging("tenant");
    let registration = health.check(check.critical()).unwrap();
    assert!(eventually(DEADLINE, || futures.load(Relaxed) == 1).await);
    assert_eq!(health.status(Probe::Ready), Status::Fail);
    drop(registration);
    assert_eq!(health.status(Probe::Ready), Status::Pass);
    assert_eq!(statuses(&health, Probe::Ready), ["ping pass", "shutdown pass"]);
    assert!(eventually(DEADLINE, || futures.load(Relaxed) == 0).await, "the run was dropped");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_free_again_once_its_check_is_unregistered() {
    let health = Health::new();
    for _ in 0..300 {
        let script = Script::new();
        let _check = health.check(script.check("tenant")).unwrap();
        let error = health.check(script.check("tenant")).unwrap_err();
        assert_eq!(error.fields()[0].field(), "checks.tenant");
    }
    assert!(health.checks().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_registry_with_checks_in_progress_leaves_no_task() {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    assert_eq!(tasks(), 0);
    let (_writer, phases) = Phases::new();
    let (hangs, futures) = hanging("hangs");
    let (at_run_time, _) = hanging("later");
    let waits = Script::new();
    let builder = Health::builder().phases(phases).check(hangs).check(waits.check("waits"));
    let health = builder.build();
    let registration = health.check(at_run_time).unwrap();
    let (gate, hold) = (health.gate("gate"), health.hold("hold"));
    let (clone, watch) = (health.clone(), health.watch());
    assert!(eventually(DEADLINE, || futures.load(Relaxed) == 1 && waits.runs() == 1).await);
    assert_eq!(tasks(), 5, "three checks, the sweep, and one that waits for the drain");
    drop(health);
    assert_eq!(tasks(), 5, "a clone keeps the registry");
    drop(clone);
    assert!(eventually(DEADLINE, || tasks() == 0).await, "{} tasks are left", tasks());
    assert!(eventually(DEADLINE, || futures.load(Relaxed) == 0).await);
    // Values that outlive their registry do nothing.
    gate.open();
    drop((registration, hold, watch));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_registered_later_runs_at_once_on_the_runtime_of_the_registry() {
    let health = Health::new();
    let script = Script::new();
    let (other, check) = (health.clone(), script.check("later"));
    // A thread without a runtime, as of an admin listener of another one.
    let thread = std::thread::spawn(move || other.check(check).unwrap());
    let _registration = thread.join().unwrap();
    sleep(SECOND).await;
    assert_eq!(script.runs(), 1);
}
