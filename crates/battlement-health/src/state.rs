use std::{borrow::Cow, time::Duration};

use battlement_core::CheckState;
use tokio::time::Instant;

use crate::{Status, limits::Rules};

/// The results of the runs of a check, and the result that counts.
///
/// The first result counts at once, and so does the first one after a gap that made the former result stale.
/// Otherwise, after [`Rules::fail_after`] runs in a row that are worse, the mildest of them counts, and after
/// [`Rules::recover_after`] runs in a row that are better, the worst of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct State(Option<Counted>);

#[derive(Clone, Debug)]
struct Counted {
    state: CheckState,
    /// The end of the last run.
    at: Instant,
    streaks: Streaks,
    /// The last degraded result.
    degraded: Option<CheckState>,
}

/// The numbers of last runs in a row with a property.
#[derive(Clone, Copy, Debug, Default)]
struct Streaks {
    pass: u32,
    not_pass: u32,
    fail: u32,
    not_fail: u32,
}

impl State {
    /// Records the result of a run that ended at `now`.
    pub(crate) fn record(&mut self, result: CheckState, now: Instant, rules: &Rules) {
        match &mut self.0 {
            Some(counted) if !counted.is_stale(now, rules) => counted.record(result, now, rules),
            _ => self.0 = Some(Counted::first(result, now)),
        }
    }

    /// Returns the result that counts at `now`.
    pub(crate) fn read(&self, now: Instant, rules: &Rules) -> Cow<'_, CheckState> {
        match &self.0 {
            None => Cow::Owned(CheckState::fail("no result yet")),
            Some(counted) if counted.is_stale(now, rules) => Cow::Owned(counted.stale(now)),
            Some(counted) => Cow::Borrowed(&counted.state),
        }
    }

    /// Returns whether a run has ended.
    pub(crate) const fn has_result(&self) -> bool {
        self.0.is_some()
    }

    /// Returns the time since the last run ended.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        self.0.as_ref().map(|counted| counted.age(now))
    }

    /// Returns the time at which the last result becomes stale, if it is not.
    pub(crate) fn stale_at(&self, now: Instant, rules: &Rules) -> Option<Instant> {
        self.0.as_ref().map(|counted| counted.at + rules.stale_after).filter(|at| *at > now)
    }
}

impl Counted {
    fn first(result: CheckState, now: Instant) -> Self {
        let mut streaks = Streaks::default();
        streaks.add(Status::of(&result));
        Self { state: result, at: now, streaks, degraded: None }
    }

    fn record(&mut self, result: CheckState, now: Instant, rules: &Rules) {
        self.at = now;
        let status = Status::of(&result);
        self.streaks.add(status);
        let before = Status::of(&self.state);
        let next = self.streaks.next(before, status, rules);
        if next == status {
            self.state = result;
            return;
        }
        if next != before
            && let Some(degraded) = self.degraded.take()
        {
            self.state = degraded;
        }
        if status == Status::Degraded {
            self.degraded = Some(result);
        }
    }

    fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.at)
    }

    fn is_stale(&self, now: Instant, rules: &Rules) -> bool {
        self.age(now) >= rules.stale_after
    }

    fn stale(&self, now: Instant) -> CheckState {
        let seconds = self.age(now).as_secs();
        CheckState::fail(format!("no result for {seconds} s; the last one was {}", self.state))
    }
}

impl Streaks {
    fn add(&mut self, status: Status) {
        let count = |runs: &mut u32, is: bool| *runs = if is { runs.saturating_add(1) } else { 0 };
        count(&mut self.pass, status == Status::Pass);
        count(&mut self.not_pass, status != Status::Pass);
        count(&mut self.fail, status == Status::Fail);
        count(&mut self.not_fail, status != Status::Fail);
    }

    /// Returns the status that counts after a run with `status`, where `before` has counted so far.
    fn next(&self, before: Status, status: Status, rules: &Rules) -> Status {
        let (end, all_end, all_between) = if status > before {
            (Status::Fail, self.fail >= rules.fail_after, self.not_pass >= rules.fail_after)
        } else {
            (Status::Pass, self.pass >= rules.recover_after, self.not_fail >= rules.recover_after)
        };
        if status == before {
            before
        } else if all_end {
            end
        } else if all_between && before != Status::Degraded {
            Status::Degraded
        } else {
            before
        }
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests;
