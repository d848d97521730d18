use std::time::Duration;

use super::*;

fn new() -> (Shared, Instant) {
    (Shared::new(Times::new()), Instant::now())
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn forced(end: End) -> Report {
    match end {
        End::Forced(report) => report,
        end => panic!("{end:?}"),
    }
}

#[test]
fn the_first_signal_starts_the_shutdown_and_every_later_one_exits() {
    let (shared, now) = new();
    assert_eq!(shared.signal(Signal::Quit, now), Effect::Shutdown);
    assert_eq!(shared.phases.now(), Phase::Unready);
    assert_eq!(shared.started(), Some((Reason::Signal(Signal::Quit), now)));
    for signal in [Signal::Quit, Signal::Terminate] {
        assert_eq!(shared.signal(signal, now + ms(1)), Effect::Exit);
    }
    assert_eq!(shared.started(), Some((Reason::Signal(Signal::Quit), now)));
}

#[test]
fn the_first_signal_after_a_trigger_does_not_exit() {
    let (shared, now) = new();
    shared.trigger("the test".into(), now);
    assert_eq!(shared.signal(Signal::Terminate, now), Effect::Shutdown);
    assert_eq!(shared.started(), Some(("the test".into(), now)));
    assert_eq!(shared.signal(Signal::Terminate, now), Effect::Exit);
}

#[test]
fn the_first_signal_exits_a_process_whose_controller_is_gone_or_done() {
    let (shared, now) = new();
    shared.abandon();
    assert_eq!(shared.signal(Signal::Interrupt, now), Effect::Exit);
    let report = forced(shared.force(Forced::Signal(Signal::Interrupt), now));
    assert_eq!((report.reason(), report.code()), (&Reason::Signal(Signal::Interrupt), 130));

    let (shared, now) = new();
    shared.trigger("the test".into(), now);
    assert!(shared.finish(now).is_some());
    assert_eq!(shared.signal(Signal::Interrupt, now), Effect::Exit);
    let end = shared.force(Forced::Signal(Signal::Interrupt), now);
    assert!(matches!(end, End::Finished(report) if report.code() == 0), "nothing was lost");
}

#[test]
fn a_forced_exit_reports_the_work_in_flight_and_the_hooks_that_are_left() {
    let (shared, now) = new();
    shared.trigger("the test".into(), now);
    shared.in_flight.enter();
    let _guard = crate::Guard::named(shared.in_flight.clone(), "job");
    shared.hooks.add(Stage::Flush, "logs", || async {});
    shared.start_hook(Stage::Services, "hangs", now + ms(10));

    let report = forced(shared.force(Forced::Budget, now + ms(30)));
    assert_eq!(
        report.to_string(),
        "the test; exit forced at the end of the budget; unready 30 ms; 0 requests answered; cut off: 1 request; \
         leaked guards: job; hook errors: services/hangs timed out after 20 ms, flush/logs did not run"
    );
    assert_eq!((report.code(), shared.phases.now()), (1, Phase::CutOff));
}

#[test]
fn a_forced_exit_ends_the_shutdown_once() {
    let (shared, now) = new();
    shared.trigger("the test".into(), now);
    let report = forced(shared.force(Forced::Signal(Signal::Quit), now));
    assert!(shared.finish(now).is_none(), "the supervisor exits");
    assert_eq!(forced(shared.force(Forced::Budget, now + ms(5))), report);
}

#[test]
fn work_that_was_cut_off_before_a_forced_exit_is_still_in_its_report() {
    let (shared, now) = new();
    shared.trigger("the test".into(), now);
    let remaining = Remaining { requests: 3, ..Remaining::default() };
    shared.cut_off(remaining, true, now + ms(5));
    let report = forced(shared.force(Forced::Budget, now + ms(9)));
    assert_eq!((report.cut_off().requests, report.cut_off().connections), (3, true));
    assert_eq!((report.phases().unready, report.phases().cut_off), (Some(ms(5)), Some(ms(4))));
}

#[tokio::test]
async fn the_report_is_logged_when_the_shutdown_has_ended() {
    let (shared, now) = new();
    let mut logged = std::pin::pin!(shared.logged());
    tokio::select! { biased; () = logged.as_mut() => panic!("too early"), () = async {} => {} }
    let _ = shared.finish(now);
    logged.await;
}

#[test]
fn a_trigger_from_a_thread_that_panicked_with_the_lock_is_kept() {
    let (shared, now) = new();
    std::thread::scope(|scope| {
        let poison = scope.spawn(|| {
            let _state = shared.state();
            panic!("with the lock");
        });
        assert!(poison.join().is_err());
    });
    shared.trigger("the test".into(), now);
    assert_eq!(shared.started(), Some(("the test".into(), now)));
}

#[test]
fn a_failure_of_the_server_is_reported_beside_another_reason_and_its_end_is_not() {
    let failed = || Reason::ServerFailed("reset".into());
    for (reason, ended, failure) in [
        ("the test".into(), failed(), Some(failed())),
        ("the test".into(), Reason::ServerEnded, None),
        (failed(), failed(), None),
    ] {
        let (shared, now) = new();
        shared.trigger(reason, now);
        shared.server_ended(ended);
        assert_eq!(shared.finish(now).unwrap().server_failure(), failure.as_ref());
    }
}

#[test]
fn the_report_has_the_time_of_the_hooks_and_the_hooks_that_failed_or_did_not_run() {
    let (shared, now) = new();
    shared.trigger("the test".into(), now);
    shared.start_hooks(now + ms(10));
    for (name, failure) in [("good", None), ("late", Some(HookFailure::TimedOut))] {
        shared.start_hook(Stage::Flush, name, now + ms(10));
        shared.end_hook(failure, now + ms(12));
    }
    shared.skip_hook(Stage::Flush, "skipped");
    let report = shared.finish(now + ms(15)).unwrap();
    assert_eq!(report.phases().hooks, Some(ms(5)));
    let errors: Vec<_> = report.hook_errors().iter().map(|it| (it.name, it.after)).collect();
    assert_eq!(errors, [("late", ms(2)), ("skipped", Duration::ZERO)]);
}

#[test]
fn the_times_are_those_that_were_set() {
    let (shared, _) = new();
    shared.configure(|times, _| times.delay = ms(7));
    assert_eq!(shared.times().delay, ms(7));
}
