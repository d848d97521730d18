use battlement_core::Phase;
use tokio::time::Instant;

use crate::{
    Reason, Stage,
    hooks::Hook,
    in_flight::Remaining,
    report::{Forced, HookError, HookFailure, Report, Timeline},
};

/// The course of a shutdown, from which its report is made.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The reason, and when the shutdown started.
    pub(super) started: Option<(Reason, Instant)>,
    pub(super) timeline: Timeline,
    /// The hook that runs, and since when.
    pub(super) hook: Option<(Stage, &'static str, Instant)>,
    pub(super) hook_errors: Vec<HookError>,
    /// The failure of the server after the shutdown started.
    server: Option<Reason>,
    /// The work that was cut off.
    remaining: Option<Remaining>,
    connections: bool,
}

impl Outcome {
    /// Starts the shutdown, unless it has started.
    pub(super) fn start(&mut self, reason: Reason, now: Instant) {
        if self.started.is_none() {
            self.started = Some((reason, now));
            self.timeline.enter(Phase::Unready, now);
        }
    }

    /// Notes how the server has ended, unless that started the shutdown.
    pub(super) fn server_ended(&mut self, reason: Reason) {
        let is_known = self.started.as_ref().is_some_and(|(started, _)| *started == reason);
        if reason.is_failure() && !is_known {
            self.server = Some(reason);
        }
    }

    pub(super) fn cut_off(&mut self, remaining: Remaining, connections: bool) {
        self.remaining = Some(remaining);
        self.connections = connections;
    }

    pub(super) fn end_hook(&mut self, failure: Option<HookFailure>, now: Instant) {
        if let (Some((stage, name, started)), Some(failure)) = (self.hook.take(), failure) {
            let after = now.saturating_duration_since(started);
            self.hook_errors.push(HookError { stage, name, failure, after });
        }
    }

    /// Ends the shutdown while `remaining` is in flight, and before `hooks` have run. Returns the number of pieces of work
    /// that are cut off now.
    pub(super) fn force(&mut self, remaining: Remaining, hooks: &[Hook], now: Instant) -> u64 {
        // Work that was cut off before is not in flight any more.
        let lost = if self.remaining.is_none() { remaining.count() } else { 0 };
        self.remaining.get_or_insert(remaining);
        self.end_hook(Some(HookFailure::TimedOut), now);
        self.hook_errors.extend(hooks.iter().map(|hook| HookError::skipped(hook.stage, hook.name)));
        lost
    }

    pub(super) fn report(
        &self,
        forced: Option<Forced>,
        strict: bool,
        answered: u64,
        now: Instant,
    ) -> Report {
        let reason = self.started.as_ref().map(|(reason, _)| reason.clone());
        let remaining = self.remaining.clone().unwrap_or_default();
        Report {
            reason: reason.unwrap_or(Reason::ServerEnded),
            forced,
            strict,
            phases: self.timeline.times(now),
            cut_off: remaining.cut_off(self.connections),
            leaked: remaining.leaked(),
            hook_errors: self.hook_errors.clone(),
            server_failure: self.server.clone(),
            answered,
        }
    }
}
