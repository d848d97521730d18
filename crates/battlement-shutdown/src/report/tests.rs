use std::io;

use tracing_subscriber::fmt::MakeWriter;

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn clean() -> Report {
    Report {
        reason: Reason::Signal(Signal::Terminate),
        forced: None,
        strict: false,
        phases: PhaseTimes {
            unready: Some(ms(5_000)),
            stopping: Some(ms(500)),
            draining: Some(ms(12)),
            cut_off: None,
            hooks: Some(ms(3)),
        },
        cut_off: CutOff::default(),
        leaked: Vec::new(),
        hook_errors: Vec::new(),
        server_failure: None,
        answered: 12_345,
    }
}

fn hook(name: &'static str, failure: HookFailure) -> HookError {
    HookError { stage: Stage::Flush, name, failure, after: ms(20) }
}

#[test]
fn the_report_of_a_clean_shutdown_is_one_line_with_its_reason_its_times_and_its_answers() {
    assert_eq!(
        clean().to_string(),
        "received SIGTERM; unready 5000 ms, stopping 500 ms, draining 12 ms, hooks 3 ms; 12345 requests answered"
    );
}

#[test]
fn the_report_names_all_that_was_lost() {
    let report = Report {
        reason: Reason::ServerFailed("address in use".into()),
        forced: Some(Forced::Signal(Signal::Interrupt)),
        phases: PhaseTimes { unready: Some(ms(1)), cut_off: Some(ms(2)), ..PhaseTimes::default() },
        cut_off: CutOff {
            requests: 2,
            event_streams: 1,
            upgrades: 3,
            grpc_streams: 4,
            connections: true,
        },
        leaked: vec![
            LeakedGuard { name: "job", count: 1 },
            LeakedGuard { name: "websocket", count: 2 },
        ],
        hook_errors: vec![
            hook("a", HookFailure::Failed("refused".into())),
            hook("b", HookFailure::Panicked("oops".into())),
            hook("c", HookFailure::TimedOut),
            HookError::skipped(Stage::Connections, "d"),
        ],
        answered: 1,
        ..clean()
    };
    assert_eq!(
        report.to_string(),
        "the server failed: address in use; exit forced by SIGINT; unready 1 ms, cut off 2 ms; 1 request answered; \
         cut off: 2 requests, 1 event stream, 3 upgraded connections, 4 gRPC streams, connections without a request; \
         leaked guards: job, websocket (2); hook errors: flush/a failed after 20 ms: refused, flush/b panicked after \
         20 ms: oops, flush/c timed out after 20 ms, connections/d did not run"
    );
}

#[test]
fn work_that_was_lost_exits_with_1_and_a_second_signal_with_its_number() {
    let cut_off = |cut_off| Report { cut_off, ..clean() };
    let forced = |forced| Report { forced: Some(forced), ..clean() };
    let reason = |reason| Report { reason, ..clean() };
    let leaked = vec![LeakedGuard { name: "job", count: 1 }];
    let lost = [
        cut_off(CutOff { requests: 1, ..CutOff::default() }),
        Report { leaked, ..clean() },
        Report { hook_errors: vec![hook("a", HookFailure::TimedOut)], ..clean() },
        forced(Forced::Budget),
        reason(Reason::ServerFailed("refused".into())),
        reason(Reason::ServerPanicked("oops".into())),
        reason(Reason::Panicked("oops".into())),
    ];
    for report in lost {
        assert_eq!((report.code(), report.is_clean()), (1, false), "{report}");
        let forced = Some(Forced::Signal(Signal::Quit));
        assert_eq!(Report { forced, ..report }.code(), 131);
    }
    for report in [clean(), reason(Reason::ServerEnded), reason("an operator asked".into())] {
        assert_eq!((report.code(), report.is_clean()), (0, true), "{report}");
    }
    let signals =
        [Signal::Terminate, Signal::Interrupt, Signal::Quit, Signal::Break, Signal::Close];
    let codes = signals.map(|signal| forced(Forced::Signal(signal)).code());
    assert_eq!(codes, [143, 130, 131, 149, 143]);
}

#[test]
fn streams_that_were_cut_off_change_the_exit_code_only_if_strict() {
    let streams = [
        CutOff { event_streams: 1, ..CutOff::default() },
        CutOff { upgrades: 1, ..CutOff::default() },
        CutOff { grpc_streams: 1, ..CutOff::default() },
    ];
    for cut_off in streams {
        let report = Report { cut_off, ..clean() };
        assert_eq!((cut_off.streams(), report.code()), (1, 0));
        assert_eq!(Report { strict: true, ..report }.code(), 1);
    }
    let connections = CutOff { connections: true, ..CutOff::default() };
    let report = Report { cut_off: connections, strict: true, ..clean() };
    assert_eq!(report.code(), 0, "a client that sends no request cannot fail a deploy");
}

#[test]
fn a_report_returns_what_forced_it_and_the_requests_that_were_answered() {
    assert_eq!((clean().forced(), clean().answered()), (None, 12_345));
    let forced = Report { forced: Some(Forced::Budget), answered: 7, ..clean() };
    assert_eq!((forced.forced(), forced.answered()), (Some(Forced::Budget), 7));
}

#[test]
fn a_main_that_returns_its_report_exits_with_its_code() {
    let forced = Report { forced: Some(Forced::Signal(Signal::Quit)), ..clean() };
    for (report, code) in [(clean(), 0), (forced, 131)] {
        assert_eq!(ExitCode::from(&report), ExitCode::from(code));
        assert_eq!(report.report(), ExitCode::from(code));
    }
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn a_clean_report_is_logged_as_information_and_any_other_as_an_error() {
    let budget = Report { forced: Some(Forced::Budget), ..clean() };
    for (report, level, outcome) in [(clean(), "INFO", "complete"), (budget, "ERROR", "incomplete")]
    {
        let log = Log::default();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
        tracing::subscriber::with_default(subscriber, || report.log());
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let line = format!("shutdown {outcome}: {report} exit_code={}", report.code());
        assert!(text.contains(level) && text.contains(&line), "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}

#[test]
fn a_report_returns_what_it_names() {
    let report = Report {
        leaked: vec![LeakedGuard { name: "orders", count: 2 }],
        hook_errors: vec![hook("logs", HookFailure::TimedOut)],
        server_failure: Some(Reason::ServerPanicked("a test".into())),
        ..clean()
    };
    assert_eq!(report.leaked(), [LeakedGuard { name: "orders", count: 2 }]);
    assert_eq!(report.hook_errors(), [hook("logs", HookFailure::TimedOut)]);
    assert_eq!(report.server_failure(), Some(&Reason::ServerPanicked("a test".into())));
}
