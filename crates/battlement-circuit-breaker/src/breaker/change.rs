use std::{sync::atomic::Ordering, time::Duration};

use battlement_core::Verdict;
use tokio::sync::watch;

use super::{Breaker, Word};
use crate::{State, Transition, state::Course};

/// Receives the transitions of a breaker.
///
/// Two threads may report two transitions out of order; the larger [`number`](Transition::number) is the later one.
pub(crate) trait Report: Send + Sync {
    /// Reports a transition. No lock of the breaker is held.
    fn moved(&self, transition: &Transition);

    /// Returns whether verdicts are reported.
    fn counts_verdicts(&self) -> bool;

    /// Reports the verdict on a call.
    fn judged(&self, verdict: Verdict);

    /// Reports a call that only the shadow mode let through. No lock of the breaker is held.
    fn shadowed(&self);

    /// Returns whether one more key may be open, if at most the share `most` may be, and counts it. The lock of the
    /// breaker is held.
    fn may_open(&self, most: f64) -> bool;

    /// Reports that the breaker stays closed, since it [may not open](Self::may_open). No lock of the breaker is held.
    fn held_closed(&self);

    /// Returns a channel of the transitions after the state that `current` returns.
    fn subscribe(&self, current: &dyn Fn() -> (u64, State)) -> watch::Receiver<(u64, State)>;
}

impl Breaker {
    /// Changes the course under its lock, publishes the state and reports the transition, if there is one. Returns the
    /// word after it.
    pub(super) fn change<T>(&self, tick: u64, change: impl FnOnce(&mut Course) -> T) -> (Word, T) {
        let mut course = self.course();
        let before = Word::new(course.state(), course.generation());
        let result = change(&mut course);
        let gate = course.gate(&self.shared.config()).unwrap_or(0);
        let after = Word::new(course.state(), course.generation());
        let transition = self.transition(before, after, gate, tick);
        self.publish(before, after, gate);
        drop(course);
        if let (Some(report), Some(transition)) = (&self.report, transition) {
            report.moved(&transition);
        }
        (after, result)
    }

    /// Changes the course if it is still of the generation of `word`.
    pub(super) fn change_if(&self, word: Word, tick: u64, change: impl FnOnce(&mut Course)) {
        self.change(tick, |course| {
            if course.generation() == word.generation() {
                change(course);
            }
        });
    }

    /// Makes the state visible to calls.
    fn publish(&self, before: Word, after: Word, gate: u64) {
        // A call that sees the new word also sees its gate.
        self.gate.store(gate, Ordering::Release);
        self.word.store(after.pack(), Ordering::Release);
        if before.state().is_tripped() && !after.state().is_tripped() {
            self.asked.store(0, Ordering::Relaxed);
        }
    }

    fn transition(&self, before: Word, after: Word, gate: u64, tick: u64) -> Option<Transition> {
        self.report.as_ref().filter(|_| before.state() != after.state())?;
        let open_for = (after.state() == State::Open).then(|| gate.saturating_sub(tick));
        Some(Transition {
            number: after.generation(),
            from: before.state(),
            to: after.state(),
            counts: self.counts(before, tick),
            open_for: open_for.map(Duration::from_nanos),
        })
    }
}
