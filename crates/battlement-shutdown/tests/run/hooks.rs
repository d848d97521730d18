use std::{future::ready, io};

use battlement_shutdown::{HookFailure, Phase, Report, ShutdownHandle, Stage};
use tokio::time::sleep;

use crate::course::{Course, graceful, hung, ms, shutdown};

/// Runs a shutdown with the hooks that `register` registers.
async fn with(
    register: impl FnOnce(&ShutdownHandle, &Course),
) -> (Report, Vec<(&'static str, u64)>) {
    let shutdown = shutdown().delay(ms(0));
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let course = Course::of(&shutdown);
    register(&handle, &course);
    handle.trigger("the test");
    let report = shutdown.run(server).await;
    let events = course.events().await;
    let names = Phase::ALL.map(Phase::as_str);
    (report, events.into_iter().filter(|(name, _)| !names.contains(name)).collect())
}

/// Registers a hook that takes 10 ms.
fn hook(handle: &ShutdownHandle, course: &Course, stage: Stage, name: &'static str) {
    let course = course.clone();
    handle.hook(stage, name, move || async move {
        sleep(ms(10)).await;
        course.note(name);
    });
}

fn failures(report: &Report) -> Vec<(&'static str, &HookFailure)> {
    report.hook_errors().iter().map(|error| (error.name, &error.failure)).collect()
}

#[tokio::test(start_paused = true)]
async fn stages_run_in_order_and_within_one_the_last_registered_hook_runs_first() {
    let (report, events) = with(|handle, course| {
        hook(handle, course, Stage::Flush, "logs");
        hook(handle, course, Stage::Connections, "database");
        hook(handle, course, Stage::Connections, "cache");
        hook(handle, course, Stage::Services, "consumer");
    })
    .await;
    assert_eq!(events, [("consumer", 10), ("cache", 20), ("database", 30), ("logs", 40)]);
    assert_eq!((report.phases().hooks, report.code()), (Some(ms(40)), 0));
}

#[tokio::test(start_paused = true)]
async fn hooks_that_fail_panic_or_hang_are_reported_and_the_others_still_run() {
    let (report, events) = with(|handle, course| {
        hook(handle, course, Stage::Flush, "logs");
        handle.hook(Stage::Flush, "hangs", hung);
        handle
            .hook(Stage::Connections, "fails", || ready(Err::<(), _>(io::Error::other("refused"))));
        handle.hook(Stage::Services, "panics", || async { panic!("oops") });
        handle.hook(Stage::Services, "panics at once", panics);
    })
    .await;
    assert_eq!(
        failures(&report),
        [
            ("panics at once", &HookFailure::Panicked("at once".to_owned())),
            ("panics", &HookFailure::Panicked("oops".to_owned())),
            ("fails", &HookFailure::Failed("refused".to_owned())),
            ("hangs", &HookFailure::TimedOut),
        ]
    );
    assert_eq!(report.hook_errors()[3].after, ms(360), "a tenth is kept for the last hook");
    assert_eq!((events, report.code()), (vec![("logs", 370)], 1));
}

fn panics() -> std::future::Ready<()> {
    panic!("at once")
}

#[tokio::test(start_paused = true)]
async fn hooks_for_which_no_time_is_left_are_reported_as_skipped() {
    let (report, events) = with(|handle, course| {
        hook(handle, course, Stage::Flush, "logs");
        for name in ["a", "b", "c", "d", "e", "f", "g"] {
            handle.hook(Stage::Services, name, || async {
                // Blocks the thread of the runtime, so that no timer ends the hook.
                tokio::time::advance(ms(410)).await;
            });
        }
    })
    .await;
    let failures = failures(&report);
    assert_eq!(failures.last(), Some(&("logs", &HookFailure::Skipped)));
    assert_eq!((failures.len(), events, report.code()), (8, vec![], 1));
}

#[tokio::test(start_paused = true)]
async fn a_hook_whose_turn_comes_at_the_very_end_of_the_time_is_skipped() {
    let (report, events) = with(|handle, course| {
        hook(handle, course, Stage::Flush, "logs");
        handle.hook(Stage::Services, "all of the time", || tokio::time::advance(ms(400)));
    })
    .await;
    assert_eq!(failures(&report).last(), Some(&("logs", &HookFailure::Skipped)));
    assert_eq!((report.phases().hooks, events), (Some(ms(400)), vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_a_hook_registers_runs_too() {
    let (report, events) = with(|handle, course| {
        let (inner, course) = (handle.clone(), course.clone());
        handle.hook(Stage::Connections, "outer", || async move {
            hook(&inner, &course, Stage::Services, "of a stage that is over");
            hook(&inner, &course, Stage::Flush, "of a later stage");
        });
    })
    .await;
    assert_eq!(events, [("of a stage that is over", 10), ("of a later stage", 20)]);
    assert!(report.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_timed_out_is_dropped() {
    let (dropped, is_dropped) = tokio::sync::oneshot::channel::<()>();
    let (report, _) = with(|handle, _| {
        handle.hook(Stage::Flush, "hangs", || async move {
            let _dropped = dropped;
            hung().await;
        });
    })
    .await;
    assert_eq!((report.phases().hooks, report.code()), (Some(ms(400)), 1));
    assert!(is_dropped.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn hooks_run_after_the_drain_and_before_the_process_is_done() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let (guard, phases) = (handle.guard("job"), handle.phases());
    let (send, seen) = tokio::sync::oneshot::channel();
    handle.hook(Stage::Services, "reads", || async move { send.send(phases.now()).unwrap() });
    handle.trigger("the test");
    let running = tokio::spawn(shutdown.run(server));
    sleep(ms(500)).await;
    drop(guard);
    assert_eq!(seen.await.unwrap(), Phase::Draining);
    assert!(running.await.unwrap().is_clean());
}
