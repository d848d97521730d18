mod display;
mod panic;
#[cfg(test)]
mod tests;
mod timeline;

use std::{
    process::{ExitCode, Termination},
    time::Duration,
};

pub use self::timeline::PhaseTimes;
pub(crate) use self::{panic::panic_message, timeline::Timeline};
use crate::{Reason, Signal, Stage, in_flight::Remaining};

/// The result of a shutdown, which is logged as one line.
///
/// Its exit code is 0 if the shutdown was clean, 128 + n if a second signal n forced the exit, and otherwise 1: a
/// request was cut off, a guard leaked, a hook failed, the budget ran out, or the process failed itself.
///
/// Event streams, upgraded connections and gRPC streams that did not opt in to the drain are cut off at its end and
/// reported, and do not change the exit code unless [`strict`](crate::Shutdown::strict) is set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the exit code of the process is in the report"]
pub struct Report {
    pub(crate) reason: Reason,
    pub(crate) forced: Option<Forced>,
    pub(crate) strict: bool,
    pub(crate) phases: PhaseTimes,
    pub(crate) cut_off: CutOff,
    pub(crate) leaked: Vec<LeakedGuard>,
    pub(crate) hook_errors: Vec<HookError>,
    pub(crate) server_failure: Option<Reason>,
    pub(crate) answered: u64,
}

/// The cause of a forced exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Forced {
    /// A second signal was received.
    Signal(Signal),
    /// The budget ran out: the runtime was blocked, or [`run`](crate::Shutdown::run) was not called.
    Budget,
}

/// The work that was cut off, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CutOff {
    /// The number of requests in flight, streams not included.
    pub requests: u64,
    /// The number of event streams.
    pub event_streams: u64,
    /// The number of upgraded connections, such as WebSockets.
    pub upgrades: u64,
    /// The number of gRPC streams.
    pub grpc_streams: u64,
    /// Whether the server had not ended, although no request was in flight: a client had sent half a head, or nothing.
    pub connections: bool,
}

/// The guards of one name that were not dropped in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LeakedGuard {
    /// The name of the guards.
    pub name: &'static str,
    /// The number of guards.
    pub count: usize,
}

/// The error of a hook.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct HookError {
    /// The stage of the hook.
    pub stage: Stage,
    /// The name of the hook.
    pub name: &'static str,
    /// The way in which it failed.
    pub failure: HookFailure,
    /// The time after which it failed.
    pub after: Duration,
}

/// The way in which a hook failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HookFailure {
    /// The hook returned this error.
    Failed(String),
    /// The hook panicked with this message.
    Panicked(String),
    /// The hook took too long and was cancelled.
    TimedOut,
    /// The hook did not run: no time was left, or the exit was forced.
    Skipped,
}

impl Report {
    /// Returns the reason for the shutdown.
    #[must_use]
    pub const fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Returns the cause of a forced exit.
    #[must_use]
    pub const fn forced(&self) -> Option<Forced> {
        self.forced
    }

    /// Returns the time of each phase.
    #[must_use]
    pub const fn phases(&self) -> &PhaseTimes {
        &self.phases
    }

    /// Returns the work that was cut off.
    #[must_use]
    pub const fn cut_off(&self) -> &CutOff {
        &self.cut_off
    }

    /// Returns the guards that were not dropped in time.
    #[must_use]
    pub fn leaked(&self) -> &[LeakedGuard] {
        &self.leaked
    }

    /// Returns the errors of hooks.
    #[must_use]
    pub fn hook_errors(&self) -> &[HookError] {
        &self.hook_errors
    }

    /// Returns the failure of the server after the shutdown had started: its error, or its panic.
    #[must_use]
    pub const fn server_failure(&self) -> Option<&Reason> {
        self.server_failure.as_ref()
    }

    /// Returns the number of requests that were answered in full since the start of the process.
    #[must_use]
    pub const fn answered(&self) -> u64 {
        self.answered
    }

    /// Returns whether nothing was lost: the exit code is 0.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.code() == 0
    }

    /// Returns the exit code: 0, 1, or 128 + the number of a second signal.
    #[must_use]
    pub fn code(&self) -> u8 {
        if let Some(Forced::Signal(signal)) = self.forced {
            return 128 + signal.number();
        }
        let lost = self.forced.is_some()
            || self.reason.is_failure()
            || self.server_failure.is_some()
            || self.cut_off.requests > 0
            || !self.leaked.is_empty()
            || !self.hook_errors.is_empty()
            || (self.strict && self.cut_off.streams() > 0);
        u8::from(lost)
    }

    /// Exits the process with the code of the report, without waiting for blocked threads.
    ///
    /// Use it at the end of a `main` under `#[tokio::main]`, which would otherwise wait until each
    /// `spawn_blocking` task and each look-up of a name has ended.
    pub fn exit(&self) -> ! {
        std::process::exit(self.code().into())
    }

    /// Writes the report to the log.
    pub(crate) fn log(&self) {
        if self.is_clean() {
            tracing::info!(exit_code = self.code(), "shutdown complete: {self}");
        } else {
            tracing::error!(exit_code = self.code(), "shutdown incomplete: {self}");
        }
    }
}

impl HookError {
    pub(crate) const fn skipped(stage: Stage, name: &'static str) -> Self {
        Self { stage, name, failure: HookFailure::Skipped, after: Duration::ZERO }
    }
}

impl Termination for Report {
    fn report(self) -> ExitCode {
        self.code().into()
    }
}

impl From<&Report> for ExitCode {
    fn from(report: &Report) -> Self {
        report.code().into()
    }
}

impl CutOff {
    /// Returns the number of streams that did not opt in to the drain.
    #[must_use]
    pub const fn streams(&self) -> u64 {
        self.event_streams + self.upgrades + self.grpc_streams
    }
}

impl Remaining {
    pub(crate) const fn cut_off(&self, connections: bool) -> CutOff {
        let Self { requests, event_streams, upgrades, grpc_streams, .. } = *self;
        CutOff { requests, event_streams, upgrades, grpc_streams, connections }
    }

    pub(crate) fn leaked(&self) -> Vec<LeakedGuard> {
        self.guards.iter().map(|(name, count)| LeakedGuard { name, count: *count }).collect()
    }
}
