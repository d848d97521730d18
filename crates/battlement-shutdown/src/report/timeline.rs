use std::time::Duration;

use battlement_core::Phase;
use tokio::time::Instant;

/// The time of each phase of a shutdown. A phase that was skipped has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct PhaseTimes {
    /// The time from the trigger to the end of accepting.
    pub unready: Option<Duration>,
    /// The time of the linger.
    pub stopping: Option<Duration>,
    /// The time in which requests in flight ended.
    pub draining: Option<Duration>,
    /// The time in which the remaining work was aborted.
    pub cut_off: Option<Duration>,
    /// The time of all hooks.
    pub hooks: Option<Duration>,
}

/// The start of each phase so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timeline {
    unready: Option<Instant>,
    stopping: Option<Instant>,
    draining: Option<Instant>,
    cut_off: Option<Instant>,
    hooks: Option<Instant>,
    done: Option<Instant>,
}

impl Timeline {
    pub(crate) fn enter(&mut self, phase: Phase, now: Instant) {
        let start = match phase {
            Phase::Unready => &mut self.unready,
            Phase::Stopping => &mut self.stopping,
            Phase::Draining => &mut self.draining,
            Phase::CutOff => &mut self.cut_off,
            Phase::Done => &mut self.done,
            _ => return,
        };
        start.get_or_insert(now);
    }

    pub(crate) fn start_hooks(&mut self, now: Instant) {
        self.hooks.get_or_insert(now);
    }

    /// Returns when the shutdown started.
    pub(crate) const fn started(&self) -> Option<Instant> {
        self.unready
    }

    /// Returns the time of each phase; that of the current phase ends `now`.
    pub(crate) fn times(&self, now: Instant) -> PhaseTimes {
        let mut next = self.done.unwrap_or(now);
        let mut time = |start: Option<Instant>| {
            let start = start?;
            let time = next.saturating_duration_since(start);
            next = start;
            Some(time)
        };
        // From the last phase to the first.
        let (hooks, cut_off) = (time(self.hooks), time(self.cut_off));
        let (draining, stopping) = (time(self.draining), time(self.stopping));
        PhaseTimes { unready: time(self.unready), stopping, draining, cut_off, hooks }
    }
}
