use std::sync::{
    Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use battlement_core::{Phase, PhaseWriter, Phases};
use tokio::time::Instant;

use crate::{
    Reason, Signal, Times,
    guard::{InFlight, Remaining},
    hooks::Hooks,
    report::{Forced, HookError, Report, Timeline},
};

/// The state that the controller, its handles, its layer and the supervisor share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) writer: PhaseWriter,
    pub(crate) phases: Phases,
    pub(crate) in_flight: InFlight,
    pub(crate) hooks: Hooks,
    /// The report, once the shutdown has ended.
    pub(crate) report: OnceLock<Report>,
    /// Whether the controller is gone, so that nothing drives the phases.
    abandoned: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    times: Times,
    strict: bool,
    reason: Option<Reason>,
    signals: u32,
    timeline: Timeline,
    remaining: Remaining,
    connections: bool,
    hook_errors: Vec<HookError>,
}

/// The effect of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The signal starts the shutdown, or asks for one that runs already.
    Shutdown,
    /// The signal ends the process at once.
    Exit,
}

impl Shared {
    pub(crate) fn new(times: Times) -> Self {
        let (writer, phases) = Phases::new();
        Self {
            writer,
            phases,
            in_flight: InFlight::default(),
            hooks: Hooks::default(),
            report: OnceLock::new(),
            abandoned: AtomicBool::new(false),
            state: Mutex::new(State {
                times,
                strict: false,
                reason: None,
                signals: 0,
                timeline: Timeline::default(),
                remaining: Remaining::default(),
                connections: false,
                hook_errors: Vec::new(),
            }),
        }
    }

    /// Starts the shutdown, unless it has started. It does not log: a panic hook may call it while the logger is
    /// locked.
    pub(crate) fn trigger(&self, reason: Reason, now: Instant) {
        let mut state = self.state();
        if state.reason.is_none() {
            state.reason = Some(reason);
            state.timeline.enter(Phase::Unready, now);
        }
        drop(state);
        self.writer.advance(Phase::Unready);
    }

    /// Handles a signal: the first one starts the shutdown, and the second one ends the process.
    pub(crate) fn signal(&self, signal: Signal, now: Instant) -> Effect {
        let mut state = self.state();
        state.signals += 1;
        if state.signals > 1 || self.abandoned.load(SeqCst) || self.report.get().is_some() {
            return Effect::Exit;
        }
        drop(state);
        self.trigger(Reason::Signal(signal), now);
        Effect::Shutdown
    }

    /// Advances to `phase`, which starts `now`.
    pub(crate) fn advance(&self, phase: Phase, now: Instant) {
        self.state().timeline.enter(phase, now);
        self.writer.advance(phase);
    }

    /// Notes the start of the hooks, which is not a phase for the readers of [`Phases`].
    pub(crate) fn start_hooks(&self, now: Instant) {
        self.state().timeline.start_hooks(now);
    }

    /// Stores the work that is cut off.
    pub(crate) fn cut_off(&self, remaining: Remaining, connections: bool) {
        let mut state = self.state();
        state.remaining = remaining;
        state.connections = connections;
    }

    pub(crate) fn fail_hook(&self, error: HookError) {
        self.state().hook_errors.push(error);
    }

    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, SeqCst);
    }

    /// Returns the report at `now`.
    pub(crate) fn report(&self, now: Instant) -> Report {
        let state = self.state();
        Report {
            reason: state.reason.clone().unwrap_or(Reason::ServerEnded),
            forced: None,
            strict: state.strict,
            phases: state.timeline.times(now),
            cut_off: state.remaining.cut_off(state.connections),
            leaked: state.remaining.leaked(),
            hook_errors: state.hook_errors.clone(),
            answered: self.in_flight.answered(),
        }
    }

    /// Logs the report of a shutdown that has ended, and returns it.
    pub(crate) fn finish(&self, report: Report) -> Report {
        report.log();
        self.report.get_or_init(|| report).clone()
    }

    /// Returns the report of a shutdown that ends at once.
    pub(crate) fn force(&self, forced: Forced, now: Instant) -> Report {
        let mut report = self.report(now);
        report.forced = Some(forced);
        report
    }

    pub(crate) fn times(&self) -> Times {
        self.state().times
    }

    pub(crate) fn configure(&self, change: impl FnOnce(&mut Times, &mut bool)) {
        let State { times, strict, .. } = &mut *self.state();
        change(times, strict);
    }

    /// Returns when the shutdown started.
    pub(crate) fn started(&self) -> Option<Instant> {
        self.state().timeline.started()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
