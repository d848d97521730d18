use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use battlement_health::{
    Health, Observe, Status,
    Status::{Degraded, Fail, Pass},
    TaskPolicy,
};
use tokio::time::{Instant, advance, sleep};

use crate::{log::Log, reason, statuses};

const SECOND: Duration = Duration::from_secs(1);

/// Returns a policy with waits of a second.
fn restart(restarts: u32) -> TaskPolicy {
    TaskPolicy::restart(restarts).backoff(SECOND, SECOND)
}

/// Waits until readiness has this status.
async fn ready(health: &Health, status: Status) {
    health.watch().wait_for(|summary| summary.ready == status).await.unwrap();
}

/// Panics on its first `ends` runs, and then runs.
fn panics(
    ends: usize,
) -> impl FnMut() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send {
    let mut runs = 0;
    move || {
        runs += 1;
        let ends = runs <= ends;
        Box::pin(async move {
            assert!(!ends, "a bug");
            pending::<()>().await;
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_degrades_readiness_until_its_restart() {
    let health = Health::new();
    let task = tokio::spawn(health.supervise("outbox", restart(3), panics(1)));
    assert_eq!(reason(&health, "outbox"), "running");
    ready(&health, Degraded).await;
    assert_eq!(statuses(&health), [Pass, Degraded, Pass]);
    let text = reason(&health, "outbox");
    assert!(text.starts_with("the task panicked: a bug; restarting in "), "{text}");
    ready(&health, Pass).await;
    assert_eq!(reason(&health, "outbox"), "running after restart 1");
    assert_eq!(health.tasks()[0].restarts, 1);
    assert!(!task.is_finished());
}

#[tokio::test(start_paused = true)]
async fn an_early_return_and_an_error_are_ends_too() {
    let health = Health::new();
    tokio::spawn(health.supervise("returns", TaskPolicy::fail(), || async {}));
    let fails = || async { Err::<(), _>(std::io::Error::other("the queue is gone")) };
    tokio::spawn(health.supervise("fails", TaskPolicy::fail(), fails));
    let endless = || async {
        loop {
            sleep(SECOND).await;
        }
    };
    tokio::spawn(health.supervise("endless", TaskPolicy::fail(), endless));
    ready(&health, Fail).await;
    assert_eq!(statuses(&health), [Fail, Fail, Pass]);
    assert_eq!(reason(&health, "returns"), "the task returned, and is not restarted");
    let text = "the task failed: the queue is gone, and is not restarted";
    assert_eq!(reason(&health, "fails"), text);
    assert_eq!(reason(&health, "endless"), "running");
}

/// The names of restarted tasks and their counts.
#[derive(Default)]
struct Restarts(Mutex<Vec<(String, u64)>>);

impl Observe for Restarts {
    fn on_restart(&self, task: &str, restarts: u64) {
        self.0.lock().unwrap().push((task.to_owned(), restarts));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_restart_left_liveness_fails_and_the_future_ends() {
    let observed = Arc::new(Restarts::default());
    let health = Health::builder().observe(Arc::clone(&observed)).build();
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let task = health.supervise("outbox", restart(2), move || {
        counted.fetch_add(1, SeqCst);
        async {}
    });
    task.await;
    assert_eq!(runs.load(SeqCst), 3);
    assert_eq!(statuses(&health), [Fail, Fail, Pass]);
    assert_eq!(reason(&health, "outbox"), "the task returned, and is not restarted");
    assert_eq!(health.tasks()[0].restarts, 2);
    let expected = [("outbox".to_owned(), 1), ("outbox".to_owned(), 2)];
    assert_eq!(*observed.0.lock().unwrap(), expected);
    // The name can be used again.
    tokio::spawn(health.supervise("outbox", TaskPolicy::fail(), pending::<()>));
    assert_eq!(statuses(&health), [Pass, Pass, Pass]);
}

#[tokio::test(start_paused = true)]
async fn waits_double_and_vary_by_a_tenth_and_a_steady_run_starts_them_over() {
    let health = Health::new();
    let starts = Arc::new(Mutex::new(Vec::new()));
    let times = Arc::clone(&starts);
    let policy = TaskPolicy::restart(3).backoff(SECOND, 60 * SECOND).steady_after(10 * SECOND);
    let task = health.supervise("outbox", policy, move || {
        times.lock().unwrap().push(Instant::now());
        let is_steady = times.lock().unwrap().len() == 3;
        async move {
            if is_steady {
                sleep(10 * SECOND).await;
            }
        }
    });
    task.await;
    let starts = starts.lock().unwrap();
    let waits: Vec<_> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The third run takes ten seconds, and the waits start over after it.
    for (wait, (ran, expected)) in waits.iter().zip([(0, 1), (0, 2), (10, 1), (0, 2), (0, 4)]) {
        let (wait, expected) = (*wait - ran * SECOND, expected * SECOND);
        // Timers have whole milliseconds.
        let range = expected.mul_f64(0.9)..=expected.mul_f64(1.1) + Duration::from_millis(1);
        assert!(range.contains(&wait), "{waits:?}");
    }
    assert_eq!(waits.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_aborted_or_never_spawned_fails_liveness() {
    let health = Health::new();
    let task = tokio::spawn(health.supervise("aborted", restart(9), pending::<()>));
    drop(health.supervise("unpolled", restart(9), pending::<()>));
    assert_eq!(statuses(&health), [Fail, Fail, Pass]);
    assert_eq!(reason(&health, "unpolled"), "the task was dropped");
    task.abort();
    task.await.unwrap_err();
    assert_eq!(reason(&health, "aborted"), "the task was dropped");
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_closure_and_one_in_drop_are_ends_too() {
    let health = Health::new();
    let closure = || -> std::future::Ready<()> { panic!("{}", "in the closure") };
    tokio::spawn(health.supervise("closure", TaskPolicy::fail(), closure));
    let bomb = || {
        let bomb = Bomb;
        std::future::poll_fn(move |_| {
            let _ = &bomb;
            std::task::Poll::Ready(())
        })
    };
    let dropped = tokio::spawn(health.supervise("drop", TaskPolicy::fail(), bomb));
    let odd = || async { std::panic::panic_any(7) };
    let odd = tokio::spawn(health.supervise("odd", TaskPolicy::fail(), odd));
    dropped.await.unwrap();
    odd.await.unwrap();
    let of = |name| reason(&health, name);
    assert_eq!(of("closure"), "the task panicked: in the closure, and is not restarted");
    assert_eq!(of("drop"), "the task panicked: in drop, and is not restarted");
    assert_eq!(of("odd"), "the task panicked: the panic has no message, and is not restarted");
}

#[tokio::test(start_paused = true)]
async fn from_the_begin_of_the_drain_on_a_task_may_end() {
    let health = Health::new();
    let waits = tokio::spawn(health.supervise("waits", restart(9), panics(9)));
    let (end, ends) = tokio::sync::watch::channel(());
    let task = move || {
        let mut ends = ends.clone();
        async move { drop(ends.changed().await) }
    };
    let task = tokio::spawn(health.supervise("ends", restart(9), task));
    let cut_off = tokio::spawn(health.supervise("cut-off", restart(9), pending::<()>));
    ready(&health, Degraded).await;
    let start = Instant::now();
    health.drain();
    // A task that waits for its restart ends with the drain.
    waits.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    end.send(()).unwrap();
    task.await.unwrap();
    cut_off.abort();
    cut_off.await.unwrap_err();
    advance(SECOND).await;
    assert_eq!(statuses(&health), [Pass, Fail, Pass]);
    for name in ["waits", "ends"] {
        assert_eq!(reason(&health, name), "the task ended while the service drained");
    }
    assert_eq!(reason(&health, "cut-off"), "the task was dropped while the service drained");
}

#[tokio::test(start_paused = true)]
async fn a_failure_during_the_drain_is_logged_once_without_its_password() {
    let (log, _guard) = Log::start();
    let health = Health::new();
    let waits = tokio::spawn(health.supervise("waits", restart(9), panics(9)));
    ready(&health, Degraded).await;
    let drained = health.clone();
    let fails = move || {
        let drained = drained.clone();
        async move {
            drained.drain();
            Err::<(), _>("redis://shop:hunter2@cache:6379 is gone")
        }
    };
    health.supervise("fails", restart(9), fails).await;
    health.supervise("returns", restart(9), || async {}).await;
    waits.await.unwrap();
    let lines = log.lines();
    let failed: Vec<_> =
        lines.iter().filter(|line| line.contains("failed while the service drained")).collect();
    assert!(failed.len() == 1 && failed[0].starts_with("WARN"), "{lines:?}");
    let text = "task=\"fails\" reason=the task failed: redis://***@cache:6379 is gone";
    assert!(failed[0].contains(text), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("hunter2")), "{lines:?}");
    assert_eq!(health.tasks().iter().map(|task| task.restarts).sum::<u64>(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_task_knows_of_the_drain_when_its_registry_is_gone() {
    let health = Health::new();
    let (sender, mut runs) = tokio::sync::mpsc::unbounded_channel();
    let task = health.supervise("outbox", restart(9), move || {
        sender.send(()).unwrap();
        async {}
    });
    health.drain();
    drop(health);
    task.await;
    runs.recv().await.unwrap();
    assert!(runs.recv().await.is_none(), "the task is not restarted");
}

#[tokio::test(start_paused = true)]
async fn a_task_outlives_its_registry_and_is_still_restarted() {
    let health = Health::new();
    let (sender, mut runs) = tokio::sync::mpsc::unbounded_channel();
    let task = tokio::spawn(health.supervise("outbox", restart(2), move || {
        sender.send(()).unwrap();
        async {}
    }));
    drop(health);
    for _ in 0..3 {
        runs.recv().await.unwrap();
    }
    task.await.unwrap();
}
