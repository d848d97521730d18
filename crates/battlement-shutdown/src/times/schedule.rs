use std::time::Duration;

use tokio::time::Instant;

use super::Times;

/// The longest part of a budget that is kept for what follows the hooks: the report.
const FINISH: Duration = Duration::from_millis(250);

/// The end of each phase, from the moment at which the shutdown started.
///
/// The delay counts from there. Each later phase has its own time from its own start, and never the time that the
/// phases after it need: a shutdown that was triggered during a slow start-up still ends within its budget, and still
/// runs its hooks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    times: Times,
    started: Instant,
}

impl Schedule {
    pub(crate) const fn new(times: Times, started: Instant) -> Self {
        Self { times, started }
    }

    pub(crate) fn unready_ends(&self) -> Instant {
        self.started + self.times.delay
    }

    pub(crate) fn stopping_ends(&self, now: Instant) -> Instant {
        (now + self.times.linger).min(self.hooks_start_by())
    }

    pub(crate) fn draining_ends(&self, now: Instant) -> Instant {
        (now + self.times.drain).min(self.hooks_start_by())
    }

    pub(crate) fn hooks_end(&self, now: Instant) -> Instant {
        (now + self.times.hooks).min(self.finishes_by())
    }

    /// Returns the end of a hook that `others` hooks follow, if all hooks end at `hooks_end`.
    ///
    /// A hook that hangs must not take the time of all others, one of which flushes the logs. So each of the others
    /// keeps a tenth of the time of all hooks, and all of them at most half.
    pub(crate) fn hook_ends(&self, now: Instant, hooks_end: Instant, others: usize) -> Instant {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        let kept = (self.times.hooks / 10).saturating_mul(others).min(self.times.hooks / 2);
        let remaining = hooks_end.saturating_duration_since(now);
        // Late, and with little time left, the hooks share what there is.
        let share = remaining / others.saturating_add(1);
        now + remaining.saturating_sub(kept).max(share)
    }

    /// Returns the time of the whole shutdown.
    pub(crate) fn finishes_by(&self) -> Instant {
        let budget = self.times.budget;
        self.started + (budget - FINISH.min(budget / 10))
    }

    fn hooks_start_by(&self) -> Instant {
        self.finishes_by().checked_sub(self.times.hooks).unwrap_or(self.started)
    }
}
