use std::{future::pending, time::Duration};

use battlement_shutdown::Phase;
use tokio::time::sleep;

use crate::service::{SECOND, in_flight, running, shutdown};

#[tokio::test(start_paused = true)]
async fn the_drain_waits_for_guards_and_tasks_and_no_longer() {
    let shutdown = shutdown();
    let handle = shutdown.handle();
    let task = handle.spawn("order", async { sleep(SECOND / 2).await });
    let guard = handle.guard("cache");
    tokio::spawn(async move {
        sleep(3 * SECOND / 4).await;
        drop(guard);
    });
    let start = tokio::time::Instant::now();
    let report = shutdown.run(async {}).await;
    task.await.unwrap();
    // The server ended at once, so that there is no delay and no linger.
    assert_eq!(start.elapsed().as_millis(), 750);
    assert!(report.is_clean(), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_end_is_named_and_cancelled_and_an_upgrade_is_only_counted() {
    let shutdown = shutdown();
    let handle = shutdown.handle();
    let (task, _leaked) = (handle.spawn("order", pending::<()>()), handle.guard("cache"));
    let _upgrade = handle.upgrade();
    in_flight(&shutdown, 3).await;
    let report = running(shutdown, Phase::CutOff).await.await.unwrap();
    let names: Vec<_> = report.leaked().iter().map(|guard| (guard.name, guard.count)).collect();
    assert_eq!(names, [("cache", 1), ("order", 1)]);
    assert_eq!((report.cut_off().upgrades, report.cut_off().requests, report.code()), (1, 0, 1));
    assert!(task.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_connection_alone_does_not_fail_the_shutdown() {
    let shutdown = shutdown();
    let _upgrade = shutdown.handle().upgrade();
    let report = running(shutdown, Phase::CutOff).await.await.unwrap();
    assert_eq!((report.cut_off().upgrades, report.code()), (1, 0), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_a_cut_off_call_leaves_behind_still_runs() {
    struct Stock(battlement_shutdown::ShutdownHandle, tokio::sync::mpsc::UnboundedSender<()>);

    impl Drop for Stock {
        fn drop(&mut self) {
            let released = self.1.clone();
            self.0.spawn("release of stock", async move {
                sleep(Duration::from_millis(20)).await;
                released.send(()).unwrap();
            });
        }
    }

    let shutdown = shutdown();
    let (released, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let stock = Stock(shutdown.handle(), released);
    let _order = shutdown.handle().spawn("order", async move {
        let _stock = stock;
        pending::<()>().await;
    });
    in_flight(&shutdown, 1).await;
    let _report = running(shutdown, Phase::CutOff).await.await.unwrap();
    assert_eq!(receiver.try_recv(), Ok(()));
}
