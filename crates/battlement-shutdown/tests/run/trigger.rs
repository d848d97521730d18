use std::{
    panic::{self, AssertUnwindSafe, catch_unwind},
    thread,
};

use battlement_shutdown::{Phase, Reason, Stage};
use tokio::time::sleep;

use crate::course::{Course, graceful, hung, ms, shutdown};

#[tokio::test(start_paused = true)]
async fn a_second_trigger_changes_neither_the_reason_nor_the_times() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let course = Course::of(&shutdown);
    handle.trigger("the first");
    let running = tokio::spawn(shutdown.run(server));
    sleep(ms(60)).await;
    handle.trigger("the second".to_owned());
    let report = running.await.unwrap();
    assert_eq!(course.elapsed(), 100);
    assert_eq!(report.reason(), &Reason::from("the first"));
    handle.trigger("the third");
    assert_eq!(handle.phases().now(), Phase::Done);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_before_run_is_kept() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    handle.trigger("before");
    assert!(handle.token().is_draining());
    sleep(ms(70)).await;
    let course = Course::of(&shutdown);
    let report = shutdown.run(server).await;
    assert_eq!(report.reason(), &Reason::from("before"));
    assert_eq!(course.elapsed(), 30, "the delay counts from the trigger");
}

#[tokio::test(start_paused = true)]
async fn a_trigger_from_a_thread_without_a_runtime_ends_the_server() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    thread::spawn(move || handle.trigger("a thread")).join().unwrap();
    let report = shutdown.run(server).await;
    assert_eq!(report.reason().to_string(), "a thread");
}

#[tokio::test(start_paused = true)]
async fn a_trigger_from_a_hook_has_no_effect() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let course = Course::of(&shutdown);
    let hook = handle.clone();
    handle.hook(Stage::Services, "again", || async move { hook.trigger("a hook") });
    handle.trigger("the test");
    let report = shutdown.run(server).await;
    assert_eq!((report.reason(), course.elapsed()), (&Reason::from("the test"), 100));
    assert!(report.is_clean());
}

#[tokio::test(start_paused = true)]
async fn a_trigger_from_the_hook_of_a_panic_starts_the_shutdown() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let running = tokio::spawn(shutdown.run(server));
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        handle.trigger(Reason::Panicked(panic.payload_as_str().unwrap_or_default().to_owned()));
    }));
    let caught = catch_unwind(AssertUnwindSafe(|| panic!("a handler")));
    panic::set_hook(previous);
    assert!(caught.is_err());
    let report = running.await.unwrap();
    assert_eq!((report.reason().to_string().as_str(), report.code()), ("panicked: a handler", 1));
}

#[tokio::test(start_paused = true)]
async fn a_trigger_from_the_drop_of_aborted_work_does_not_deadlock() {
    struct Trigger(battlement_shutdown::ShutdownHandle);
    impl Drop for Trigger {
        fn drop(&mut self) {
            self.0.trigger("a drop");
        }
    }
    let shutdown = shutdown();
    let trigger = Trigger(shutdown.handle());
    trigger.0.trigger("the test");
    let report = shutdown
        .run(async move {
            let _trigger = trigger;
            hung().await;
        })
        .await;
    assert_eq!(report.reason(), &Reason::from("the test"));
}
