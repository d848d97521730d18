use std::{future::ready, io};

use battlement_shutdown::{Phase, Reason};
use tokio::time::sleep;

use crate::course::{Course, graceful, hung, ms, shutdown};

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_by_itself_triggers_the_shutdown_and_skips_the_delay() {
    let shutdown = shutdown();
    let course = Course::of(&shutdown);
    let report = shutdown.run(sleep(ms(70))).await;
    assert_eq!((report.reason(), report.code()), (&Reason::ServerEnded, 0));
    assert_eq!(
        course.events().await,
        Phase::ALL[1..].iter().map(|phase| (phase.as_str(), 70)).collect::<Vec<_>>()
    );
    assert_eq!(course.elapsed(), 70);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_triggers_the_shutdown_with_its_error() {
    let source = io::Error::other("the port is taken");
    let error = io::Error::other(Failure(source));
    let report = shutdown().run(ready(Err::<(), _>(error))).await;
    let failed = "the server failed: cannot serve: the port is taken";
    assert_eq!((report.reason().to_string().as_str(), report.code()), (failed, 1));
}

#[derive(Debug)]
struct Failure(io::Error);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cannot serve")
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_panics_triggers_the_shutdown_and_the_guards_are_still_waited_for() {
    let shutdown = shutdown();
    let (course, guard) = (Course::of(&shutdown), shutdown.handle().guard("job"));
    tokio::spawn(async move {
        sleep(ms(300)).await;
        drop(guard);
    });
    let report = shutdown.run(async { panic!("accept") }).await;
    assert_eq!(report.reason(), &Reason::ServerPanicked("accept".to_owned()));
    assert_eq!(report.server_failure(), None, "it is the reason");
    assert_eq!((course.elapsed(), report.code(), report.leaked().len()), (300, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_server_that_ends_during_the_shutdown_is_reported_and_is_not_the_reason() {
    let shutdown = shutdown();
    let stopping = shutdown.phases().reached(Phase::Stopping);
    shutdown.handle().trigger("the test");
    let server = async {
        stopping.await;
        Err::<(), _>("accept failed")
    };
    let report = shutdown.run(server).await;
    assert_eq!((report.reason(), report.code()), (&Reason::from("the test"), 1));
    assert_eq!(report.server_failure(), Some(&Reason::ServerFailed("accept failed".to_owned())));
    assert!(report.to_string().starts_with("the test; the server failed: accept failed; unready "));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_in_the_delay_ends_the_delay() {
    let shutdown = shutdown();
    let course = Course::of(&shutdown);
    shutdown.handle().trigger("the test");
    let _ = shutdown.run(sleep(ms(40))).await;
    assert_eq!(course.elapsed(), 40);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_server_is_dropped_with_shutdown_as_the_reason() {
    struct Reads(std::sync::Arc<std::sync::Mutex<Option<&'static str>>>);
    impl Drop for Reads {
        fn drop(&mut self) {
            *self.0.lock().unwrap() =
                battlement_core::DropReason::current().map(battlement_core::DropReason::as_str);
        }
    }
    let shutdown = shutdown();
    let reason = std::sync::Arc::default();
    let reads = Reads(std::sync::Arc::clone(&reason));
    shutdown.handle().trigger("the test");
    let _ = shutdown
        .run(async move {
            let _reads = reads;
            hung().await;
        })
        .await;
    assert_eq!(*reason.lock().unwrap(), Some("shutdown"));
}

#[tokio::test]
async fn the_report_of_a_run_does_not_wait_for_blocking_tasks() {
    let shutdown = shutdown().delay(ms(0));
    let server = graceful(&shutdown);
    let (end, blocked) = std::sync::mpsc::channel::<()>();
    let blocking = tokio::task::spawn_blocking(move || blocked.recv());
    shutdown.handle().trigger("the test");
    assert!(shutdown.run(server).await.is_clean());
    assert!(!blocking.is_finished());
    drop(end);
    let _ = blocking.await;
}
