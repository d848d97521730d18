mod outcome;
#[cfg(test)]
mod tests;

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use battlement_core::{Phase, PhaseWriter, Phases};
use tokio::{sync::watch, time::Instant};

use self::outcome::Outcome;
use crate::{
    Reason, Signal, Stage, Times,
    hooks::Hooks,
    in_flight::{InFlight, Remaining},
    observe::Observer,
    report::{Forced, HookError, HookFailure, Report},
};

/// The state that the controller, its handles, its layer and the supervisor share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) phases: Phases,
    pub(crate) in_flight: InFlight,
    pub(crate) hooks: Hooks,
    pub(crate) observer: Observer,
    writer: PhaseWriter,
    /// Whether the report of a shutdown that has ended was logged.
    logged: watch::Sender<bool>,
    /// Whether the controller is gone, so that nothing drives the phases.
    abandoned: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    times: Times,
    strict: bool,
    signals: u32,
    outcome: Outcome,
    end: End,
}

/// The end of the process: one of two threads decides it.
#[derive(Clone, Debug, Default)]
pub(crate) enum End {
    /// The shutdown has not ended.
    #[default]
    Open,
    /// The shutdown has ended with this report.
    Finished(Report),
    /// The supervisor exits the process with this report.
    Forced(Report),
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
        let outcome = Outcome::default();
        let state = State { times, strict: false, signals: 0, outcome, end: End::Open };
        Self {
            phases,
            in_flight: InFlight::default(),
            hooks: Hooks::default(),
            observer: Observer::default(),
            writer,
            logged: watch::Sender::new(false),
            abandoned: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// Starts the shutdown, unless it has started. It does not log: a panic hook may call it while the logger is
    /// locked.
    pub(crate) fn trigger(&self, reason: Reason, now: Instant) {
        self.state().outcome.start(reason, now);
        self.writer.advance(Phase::Unready);
    }

    /// Handles a signal: the first one starts the shutdown, and the second one ends the process. So does the first one
    /// if there is nothing left that could end the process.
    pub(crate) fn signal(&self, signal: Signal, now: Instant) -> Effect {
        self.trigger(Reason::Signal(signal), now);
        let mut state = self.state();
        state.signals += 1;
        let is_driven = !self.abandoned.load(SeqCst) && matches!(state.end, End::Open);
        if state.signals == 1 && is_driven { Effect::Shutdown } else { Effect::Exit }
    }

    /// Notes how the server has ended; a failure after the start of the shutdown is part of the report.
    pub(crate) fn server_ended(&self, reason: Reason) {
        self.state().outcome.server_ended(reason);
    }

    /// Advances to `phase`, which starts `now`.
    pub(crate) fn advance(&self, phase: Phase, now: Instant) {
        self.state().outcome.timeline.enter(phase, now);
        self.writer.advance(phase);
        if phase >= Phase::Draining {
            self.in_flight.wake();
        }
    }

    /// Advances to the phase in which `remaining` is aborted. The report is complete before any of it is dropped.
    pub(crate) fn cut_off(&self, remaining: Remaining, connections: bool, now: Instant) {
        if let Some(observe) = self.observer.get() {
            observe.on_cut_off(remaining.count());
        }
        self.state().outcome.cut_off(remaining, connections);
        self.advance(Phase::CutOff, now);
    }

    /// Notes the start of the hooks, which is not a phase for the readers of [`Phases`].
    pub(crate) fn start_hooks(&self, now: Instant) {
        self.state().outcome.timeline.start_hooks(now);
    }

    pub(crate) fn start_hook(&self, stage: Stage, name: &'static str, now: Instant) {
        self.state().outcome.hook = Some((stage, name, now));
    }

    /// Notes the end of the current hook.
    pub(crate) fn end_hook(&self, failure: Option<HookFailure>, now: Instant) {
        self.state().outcome.end_hook(failure, now);
    }

    pub(crate) fn skip_hook(&self, stage: Stage, name: &'static str) {
        self.state().outcome.hook_errors.push(HookError::skipped(stage, name));
    }

    /// Notes that the controller is gone.
    pub(crate) fn abandon(&self) {
        self.abandoned.store(true, SeqCst);
    }

    /// Ends the shutdown and returns its report, which it has logged. It returns nothing if the supervisor exits the
    /// process.
    pub(crate) fn finish(&self, now: Instant) -> Option<Report> {
        let report = {
            let mut state = self.state();
            if matches!(state.end, End::Forced(_)) {
                return None;
            }
            state.outcome.timeline.enter(Phase::Done, now);
            let report = self.report(&state, None, now);
            state.end = End::Finished(report.clone());
            report
        };
        self.writer.advance(Phase::Done);
        report.log();
        self.logged.send_replace(true);
        Some(report)
    }

    /// Ends the shutdown at once, unless it has ended.
    pub(crate) fn force(&self, forced: Forced, now: Instant) -> End {
        let (remaining, hooks) = (self.in_flight.remaining(), self.hooks.rest());
        let mut lost = 0;
        let end = {
            let mut state = self.state();
            if matches!(state.end, End::Open) {
                lost = state.outcome.force(remaining, &hooks, now);
                state.end = End::Forced(self.report(&state, Some(forced), now));
            }
            state.end.clone()
        };
        if matches!(end, End::Forced(_)) {
            if let Some(observe) = self.observer.get() {
                observe.on_cut_off(lost);
            }
            self.writer.advance(Phase::CutOff);
            self.in_flight.wake();
        }
        end
    }

    fn report(&self, state: &State, forced: Option<Forced>, now: Instant) -> Report {
        state.outcome.report(forced, state.strict, self.in_flight.answered(), now)
    }

    /// Waits until the report of a shutdown that has ended was logged.
    pub(crate) async fn logged(&self) {
        // The sender lives as long as this value.
        let _ = self.logged.subscribe().wait_for(|logged| *logged).await;
    }

    pub(crate) fn times(&self) -> Times {
        self.state().times
    }

    pub(crate) fn configure(&self, change: impl FnOnce(&mut Times, &mut bool)) {
        let State { times, strict, .. } = &mut *self.state();
        change(times, strict);
    }

    /// Returns the reason for the shutdown, and when it started.
    pub(crate) fn started(&self) -> Option<(Reason, Instant)> {
        self.state().outcome.started.clone()
    }

    // The lock is held for moments, and no code of others runs meanwhile: a panic hook can take it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
