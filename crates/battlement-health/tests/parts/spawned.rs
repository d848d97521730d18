//! Supervised tasks inside of the tasks of battlement-shutdown.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use battlement_health::{
    Health,
    Status::{Fail, Pass},
    TaskPolicy,
};
use battlement_shutdown::Shutdown;

use crate::{reason, statuses};

fn shutdown() -> Shutdown {
    let (none, second) = (Duration::ZERO, Duration::from_secs(1));
    Shutdown::without_signals().delay(none).linger(none).drain(second)
}

#[tokio::test(start_paused = true)]
async fn the_drain_waits_for_a_supervised_task_which_is_restarted_until_then() {
    let shutdown = shutdown();
    let handle = shutdown.handle();
    let health = Health::builder().phases(handle.phases()).build();
    let runs = Arc::new(AtomicUsize::new(0));
    let (counted, token) = (Arc::clone(&runs), handle.token());
    let task = health.supervise("outbox", TaskPolicy::restart(5), move || {
        let (run, token) = (counted.fetch_add(1, SeqCst) + 1, token.clone());
        async move {
            assert!(run > 2, "a bug");
            token.draining().await;
            // The last batch.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    let task = handle.spawn("outbox", task);
    let server = async {
        while runs.load(SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        handle.trigger("a test");
        pending::<()>().await;
    };
    let report = shutdown.run(server).await;
    assert!(report.is_clean(), "{report}");
    task.await.unwrap();
    assert_eq!(runs.load(SeqCst), 3);
    assert_eq!(statuses(&health), [Pass, Fail, Pass]);
    assert_eq!(reason(&health, "outbox"), "the task ended while the service drained");
}

#[tokio::test(start_paused = true)]
async fn a_supervised_task_that_does_not_end_is_cut_off_and_liveness_passes() {
    let shutdown = shutdown();
    let handle = shutdown.handle();
    let health = Health::builder().phases(handle.phases()).build();
    let task = handle.spawn("stuck", health.supervise("stuck", TaskPolicy::fail(), pending::<()>));
    handle.trigger("a test");
    let report = shutdown.run(pending::<()>()).await;
    assert!(report.to_string().contains("stuck"), "{report}");
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(statuses(&health), [Pass, Fail, Pass]);
    assert_eq!(reason(&health, "stuck"), "the task was dropped while the service drained");
}
