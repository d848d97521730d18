//! Runs that hang, panic or overlap.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use battlement_health::{Check, CheckState, Health, Probe, RunCheck, RunResult, Status};
use tokio::time::{Instant, sleep};

use crate::script::{SECOND, entry, ready};

/// Counts the futures that exist.
struct Running(Arc<AtomicU64>);

impl Running {
    fn enter(count: &Arc<AtomicU64>) -> Self {
        count.fetch_add(1, Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_is_dropped_after_its_time_and_has_failed() {
    let count = Arc::<AtomicU64>::default();
    let running = Arc::clone(&count);
    let hangs = move || {
        let running = Running::enter(&running);
        async move {
            pending::<()>().await;
            drop(running);
            Ok::<(), String>(())
        }
    };
    let start = Instant::now();
    let health = Health::builder().check(Check::new("hangs", hangs).critical()).build();
    let mut watch = health.watch();
    sleep(SECOND).await;
    assert_eq!(count.load(Relaxed), 1, "one run at a time");
    assert_eq!(health.status(Probe::Ready), Status::Fail, "without a result");
    while entry(&health, "hangs").runs.total() == 0 {
        sleep(SECOND / 1_000).await;
    }
    let elapsed = start.elapsed().as_millis();
    assert!((2_000..=2_002).contains(&elapsed), "the default, and ticks of the timer: {elapsed}");
    assert_eq!(count.load(Relaxed), 0, "the future was dropped");
    let report = entry(&health, "hangs");
    assert_eq!(report.state, CheckState::fail("the check did not end within 2000 ms"));
    assert_eq!((report.runs.get(RunResult::Timeout), report.runs.total()), (1, 1));
    assert!(report.took.is_some_and(|took| took >= 2 * SECOND), "{report:?}");
    assert_eq!(watch.borrow_and_update().ready, Status::Fail);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_run_wherever_it_happens() {
    struct PanicsInDrop;
    impl Drop for PanicsInDrop {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    struct InRun;
    impl RunCheck for InRun {
        fn run(&self) -> impl Future<Output = CheckState> + Send {
            if self.panics() {
                panic!("in run");
            }
            async { CheckState::pass("") }
        }
    }
    impl InRun {
        fn panics(&self) -> bool {
            true
        }
    }
    async fn in_poll() -> CheckState {
        panic!("in poll")
    }
    let in_drop = || async {
        let _panics = PanicsInDrop;
        pending::<CheckState>().await
    };
    let health = Health::builder()
        .fail_after(1)
        .check(Check::new("poll", in_poll))
        .check(Check::new("run", InRun))
        .check(Check::new("drop", in_drop))
        .build();
    sleep(11 * SECOND).await;
    let runs = |name, result| entry(&health, name).runs.get(result);
    for name in ["poll", "run"] {
        assert_eq!(entry(&health, name).state, CheckState::fail("the check panicked"));
        assert!(runs(name, RunResult::Panic) >= 2, "it still runs");
    }
    assert!(runs("drop", RunResult::Timeout) >= 1);
    sleep(11 * SECOND).await;
    assert!(runs("drop", RunResult::Timeout) >= 2, "it still runs");
}

#[tokio::test(start_paused = true)]
async fn all_checks_start_at_once_and_in_parallel() {
    let start = Instant::now();
    let slow = |name: &'static str| {
        Check::new(name, || async {
            sleep(SECOND).await;
            Ok::<(), String>(())
        })
        .critical()
    };
    let names = ["a", "b", "c", "d", "e"];
    let builder =
        names.into_iter().fold(Health::builder(), |builder, name| builder.check(slow(name)));
    let health = builder.build();
    ready(&health, Status::Pass).await;
    assert!(start.elapsed() < SECOND * 11 / 10, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn runs_never_overlap_and_a_slow_one_is_not_made_up_for() {
    let running = Arc::<AtomicU64>::default();
    let slow = move || {
        let running = Running::enter(&running);
        async move {
            assert_eq!(running.0.load(Relaxed), 1);
            sleep(SECOND * 9 / 10).await;
            CheckState::pass("")
        }
    };
    let check = Check::new("slow", slow).interval(SECOND);
    let health = Health::builder().check(check).build();
    sleep(100 * SECOND).await;
    let runs = entry(&health, "slow").runs;
    assert_eq!(runs.get(RunResult::Pass), runs.total());
    assert!((90..=110).contains(&runs.total()), "{runs:?}");
}

#[tokio::test(start_paused = true)]
async fn every_output_of_a_closure_becomes_a_result() {
    let health = Health::builder()
        .check(Check::new("state", || async { CheckState::degraded("slow") }))
        .check(Check::new("unit", || async { Ok::<(), String>(()) }))
        .check(Check::new("result", || async { Ok::<_, String>(CheckState::pass("fine")) }))
        .check(Check::new("error", || async { Err::<(), _>("refused") }))
        .build();
    sleep(SECOND).await;
    let states: Vec<_> = health.checks().into_iter().map(|check| check.state).collect();
    let expected = [
        CheckState::degraded("slow"),
        CheckState::pass("ok"),
        CheckState::pass("fine"),
        CheckState::fail("refused"),
    ];
    assert_eq!(states, expected);
}
