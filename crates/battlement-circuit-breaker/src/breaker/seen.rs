//! The parts of a breaker that its layer reads.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{sync::watch, time::Instant};

use super::{Breaker, Report, rest};
use crate::{State, config::Config};

impl Breaker {
    /// Returns whether calls pass without a look at the clock.
    #[inline]
    pub(crate) fn passes(&self) -> bool {
        self.word().passes()
    }

    /// Returns whether a call at `now` would be rejected. Nothing changes.
    #[cold]
    pub(crate) fn rejects(&self, now: Instant) -> bool {
        !self.shared.config().shadow && self.rejects_at(self.shared.tick(now))
    }

    /// Returns whether the breaker is open at `tick`, or has no free slot for a probe.
    pub(crate) fn rejects_at(&self, tick: u64) -> bool {
        let word = self.word();
        match word.state() {
            State::ForcedOpen => true,
            _ => !word.passes() && tick < self.gate.load(Ordering::Acquire),
        }
    }

    /// Rejects a call. Returns the rest of the open time, with jitter.
    pub(crate) fn reject(&self, now: Instant) -> Duration {
        self.rejections.fetch_add(1, Ordering::Relaxed);
        let config = self.shared.config();
        let left = match self.word().state() {
            State::ForcedOpen => config.open_for.interval(0),
            _ => self.gate.load(Ordering::Acquire).saturating_sub(self.shared.tick(now)),
        };
        rest(left, &config)
    }

    /// Returns the receiver of verdicts, if there is one.
    #[inline]
    pub(crate) fn verdicts(&self) -> Option<&dyn Report> {
        self.report.as_deref().filter(|_| self.reports_verdicts)
    }

    /// Returns whether a success of a call through the closed breaker is counted in time windows alone.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        !self.reports_verdicts && !self.shared.counts_calls()
    }

    /// Returns a channel of the transitions from now on, which begins with the state and its number.
    pub(crate) fn subscribe(&self) -> Option<watch::Receiver<(u64, State)>> {
        let current = || {
            let word = self.word();
            (word.generation(), word.state())
        };
        self.report.as_ref().map(|report| report.subscribe(&current))
    }

    pub(super) fn may_open(&self, config: &Config) -> bool {
        self.report.as_ref().is_none_or(|report| report.may_open(config.max_open))
    }
}
