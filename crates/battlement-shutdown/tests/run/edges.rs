use battlement_shutdown::{Phase, Shutdown};
use tokio::time::sleep;

use crate::course::{Course, graceful, hung, ms, settle, shutdown};

#[tokio::test(start_paused = true)]
async fn an_idle_server_ends_right_after_the_delay() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let running = tokio::spawn(shutdown.run(server));
    sleep(ms(5_000)).await;
    assert_eq!(handle.phases().now(), Phase::Running);

    handle.trigger("the test");
    let now = tokio::time::Instant::now();
    assert_eq!(handle.phases().now(), Phase::Unready, "before any task runs");
    let report = running.await.unwrap();
    assert_eq!(now.elapsed(), ms(100));
    assert_eq!(
        report.to_string(),
        "the test; unready 100 ms, stopping 0 ms, draining 0 ms, hooks 0 ms; 0 requests answered"
    );
    assert_eq!((report.code(), handle.phases().now()), (0, Phase::Done));
}

#[tokio::test(start_paused = true)]
async fn the_linger_ends_with_its_time_if_the_server_does_not_end() {
    let shutdown = shutdown();
    let phases = shutdown.phases();
    let course = Course::of(&shutdown);
    shutdown.handle().trigger("the test");
    // A server that lingers itself ends at the start of the drain.
    let report = shutdown.run(phases.reached(Phase::Draining)).await;
    let expected =
        [("unready", 0), ("stopping", 100), ("draining", 110), ("cut_off", 110), ("done", 110)];
    assert_eq!(course.events().await, expected);
    let times = report.phases();
    assert_eq!((times.stopping, times.cut_off, report.code()), (Some(ms(10)), None, 0));
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_with_the_last_guard_and_not_before() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let course = Course::of(&shutdown);
    let guards = [handle.guard("a"), handle.guard("a"), handle.guard("b")];
    handle.trigger("the test");
    let running = tokio::spawn(shutdown.run(server));
    for guard in guards {
        sleep(ms(200)).await;
        assert_ne!(handle.phases().now(), Phase::Done);
        drop(guard);
    }
    let report = running.await.unwrap();
    let expected =
        [("unready", 0), ("stopping", 100), ("draining", 100), ("cut_off", 600), ("done", 600)];
    assert_eq!(course.events().await, expected);
    assert_eq!(report.phases().cut_off, None);
    assert_eq!((report.leaked().len(), report.code()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_is_left_at_the_deadline_is_cut_off_and_named() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let course = Course::of(&shutdown);
    let _guards = [handle.guard("job"), handle.guard("websocket"), handle.guard("websocket")];
    handle.trigger("the test");
    let report = shutdown.run(server).await;
    let events = course.events().await;
    // The last 100 ms are for the release of what was aborted.
    let expected =
        [("unready", 0), ("stopping", 100), ("draining", 100), ("cut_off", 1_100), ("done", 1_200)];
    assert_eq!(events, expected);
    let leaked: Vec<_> = report.leaked().iter().map(|guard| (guard.name, guard.count)).collect();
    assert_eq!(leaked, [("job", 1), ("websocket", 2)]);
    assert_eq!((report.cut_off().connections, report.code()), (false, 1));
}

#[tokio::test(start_paused = true)]
async fn aborted_work_is_gone_before_the_hooks_and_ends_their_wait() {
    let shutdown = shutdown();
    let (server, handle) = (graceful(&shutdown), shutdown.handle());
    let course = Course::of(&shutdown);
    let (guard, phases) = (handle.guard("job"), handle.phases());
    tokio::spawn(async move {
        phases.reached(Phase::CutOff).await;
        sleep(ms(30)).await;
        drop(guard);
    });
    handle.trigger("the test");
    let report = shutdown.run(server).await;
    assert_eq!(course.events().await[3..], [("cut_off", 1_100), ("done", 1_130)]);
    assert_eq!((report.leaked().len(), report.code()), (1, 1), "it was cut off nevertheless");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_is_cut_off_at_the_deadline_and_is_no_loss() {
    let shutdown = shutdown();
    let course = Course::of(&shutdown);
    shutdown.handle().trigger("the test");
    let report = shutdown.run(hung()).await;
    let expected =
        [("unready", 0), ("stopping", 100), ("draining", 110), ("cut_off", 1_110), ("done", 1_110)];
    assert_eq!(course.events().await, expected);
    assert_eq!((report.cut_off().connections, report.code()), (true, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_during_a_slow_start_ends_within_its_budget() {
    let shutdown = shutdown();
    let course = Course::of(&shutdown);
    shutdown.handle().trigger("the test");
    sleep(ms(1_300)).await;
    assert_eq!(course.events().await, [("unready", 0)]);
    let hook = course.clone();
    shutdown.handle().hook(battlement_shutdown::Stage::Flush, "logs", || async move {
        sleep(ms(390)).await;
        hook.note("flushed");
    });
    let report = shutdown.run(hung()).await;
    let expected = [
        ("unready", 0),
        ("stopping", 1_300),
        ("draining", 1_310),
        // 1,800 ms, the budget without a tenth for the report, and 400 ms for the hooks.
        ("cut_off", 1_400),
        ("flushed", 1_790),
        ("done", 1_790),
    ];
    assert_eq!(course.events().await, expected);
    assert!(report.is_clean());
}

#[tokio::test(start_paused = true)]
async fn all_phases_together_stay_within_a_budget_that_they_fill() {
    let shutdown = shutdown().budget(ms(1_510));
    let (course, handle) = (Course::of(&shutdown), shutdown.handle());
    let _leaked = handle.guard("job");
    for name in ["a", "b", "c"] {
        handle.hook(battlement_shutdown::Stage::Flush, name, hung);
    }
    handle.trigger("the test");
    let report = shutdown.run(hung()).await;
    assert_eq!(report.hook_errors().len(), 3);
    assert!(course.elapsed() <= 1_510 - 151, "{course:?}");
}

#[tokio::test(start_paused = true)]
async fn the_default_times_are_those_of_the_table() {
    // The delay depends on the environment of the test.
    let shutdown = Shutdown::without_signals().delay(ms(0));
    let course = Course::of(&shutdown);
    shutdown.handle().hook(battlement_shutdown::Stage::Flush, "logs", hung);
    shutdown.handle().trigger("the test");
    let report = shutdown.run(hung()).await;
    let expected =
        [("unready", 0), ("stopping", 0), ("draining", 500), ("cut_off", 15_500), ("done", 20_500)];
    assert_eq!(course.events().await, expected);
    assert_eq!(report.code(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_skipped_phase_is_reached_with_the_next_one() {
    let shutdown = shutdown();
    let (server, phases) = (graceful(&shutdown), shutdown.phases());
    let cut_off = tokio::spawn(phases.reached(Phase::CutOff));
    shutdown.handle().trigger("the test");
    let report = shutdown.run(server).await;
    assert_eq!(report.phases().cut_off, None);
    settle().await;
    assert!(cut_off.is_finished(), "with `Done`");
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_without_a_delay_stops_accepting_at_once() {
    let shutdown = shutdown().delay(ms(0));
    let (server, course) = (graceful(&shutdown), Course::of(&shutdown));
    shutdown.handle().trigger("the test");
    let _ = shutdown.run(server).await;
    assert_eq!(course.elapsed(), 0);
}
