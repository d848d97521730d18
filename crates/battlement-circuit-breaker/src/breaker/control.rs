use std::{sync::atomic::Ordering, time::Duration};

use tokio::time::Instant;

use super::{Breaker, Word};
use crate::{Snapshot, State, snapshot::Counts};

impl Breaker {
    /// Returns the state at `now`, with the counts behind it.
    pub(crate) fn snapshot(&self, now: Instant) -> Snapshot {
        let (tick, config) = (self.shared.tick(now), self.shared.config());
        let (word, (openings, cause, opened_at, gate)) = self.change(tick, |course| {
            course.advance(tick, &config);
            (course.openings(), course.cause(), course.opened_at(), course.gate(&config))
        });
        Snapshot {
            state: word.state(),
            shadow: config.shadow,
            counts: self.counts(word, tick),
            consecutive_failures: self.streak.count(word.generation()),
            cause,
            openings,
            rejections: self.rejections.load(Ordering::Relaxed),
            open_since: opened_at.map(|at| Duration::from_nanos(tick.saturating_sub(at))),
            next_probe: gate.map(|at| Duration::from_nanos(at.saturating_sub(tick))),
        }
    }

    /// Forces the breaker open, or closed, until [`unforce`](Self::unforce).
    pub(crate) fn force(&self, open: bool, now: Instant) {
        let state = if open { State::ForcedOpen } else { State::ForcedClosed };
        self.change(self.shared.tick(now), |course| course.force(state));
    }

    /// Ends a forced state: the breaker is closed, and its counts begin at zero.
    pub(crate) fn unforce(&self, now: Instant) {
        self.change(self.shared.tick(now), |course| {
            if matches!(course.state(), State::ForcedOpen | State::ForcedClosed) {
                course.force(State::Closed);
            }
        });
    }

    /// Closes the breaker, and clears its counts.
    pub(crate) fn reset(&self, now: Instant) {
        self.asked.store(0, Ordering::Relaxed);
        self.change(self.shared.tick(now), |course| course.force(State::Closed));
    }

    /// Clears the counts and the trial after the settings were [replaced](crate::shared::Shared::replace). The
    /// breaker keeps its state.
    pub(crate) fn renew(&self, now: Instant) {
        let (tick, config) = (self.shared.tick(now), self.shared.config());
        self.change(tick, |course| course.renew(tick, &config));
    }

    /// Returns the results of a generation in the time window.
    pub(super) fn counts(&self, word: Word, tick: u64) -> Counts {
        self.window.counts(word.generation(), self.shared.slot(tick))
    }
}
