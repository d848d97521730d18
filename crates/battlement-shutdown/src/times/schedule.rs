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

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn times() -> Times {
        Times::new().delay(secs(5)).linger(ms(500)).drain(secs(15)).hooks(secs(5)).budget(secs(28))
    }

    /// Returns the schedule of a shutdown, and its start.
    fn schedule(times: Times) -> (Schedule, Instant) {
        let started = Instant::now();
        (Schedule::new(times, started), started)
    }

    #[test]
    fn each_phase_has_its_own_time_from_its_own_start() {
        let (schedule, started) = schedule(times());
        let at = |time| started + time;
        assert_eq!(schedule.unready_ends(), at(secs(5)));
        assert_eq!(schedule.stopping_ends(at(secs(5))), at(ms(5_500)));
        assert_eq!(schedule.draining_ends(at(ms(5_500))), at(ms(20_500)));
        assert_eq!(schedule.hooks_end(at(ms(20_500))), at(ms(25_500)));
        assert_eq!(
            schedule.hooks_end(at(secs(7))),
            at(secs(12)),
            "a short drain ends the rest early"
        );
    }

    #[test]
    fn a_late_phase_leaves_the_hooks_their_time_and_the_report_its_own() {
        let (schedule, started) = schedule(times());
        let at = |time| started + time;
        assert_eq!(schedule.finishes_by(), at(ms(27_750)));
        assert_eq!(schedule.draining_ends(at(secs(20))), at(ms(22_750)));
        assert_eq!(schedule.stopping_ends(at(ms(22_700))), at(ms(22_750)));
        assert_eq!(schedule.hooks_end(at(secs(26))), at(ms(27_750)));
    }

    #[test]
    fn a_budget_without_a_remainder_is_kept_as_well() {
        let times = times().delay(secs(0)).linger(ms(0)).drain(secs(1)).hooks(secs(1));
        let (schedule, started) = schedule(times.budget(secs(2)));
        let drained = schedule.draining_ends(started);
        assert_eq!(drained, started + ms(800), "a tenth of a short budget is for the report");
        assert_eq!(schedule.hooks_end(drained), started + ms(1_800));
    }

    #[test]
    fn hooks_as_long_as_the_budget_leave_no_time_for_the_drain() {
        let times = times().delay(secs(0)).linger(ms(0)).drain(secs(0)).hooks(secs(9));
        let (schedule, started) = schedule(times.budget(secs(9)));
        assert_eq!(schedule.draining_ends(started), started - ms(250));
        assert_eq!(schedule.hooks_end(started), started + ms(8_750));
    }

    #[test]
    fn a_hook_that_hangs_leaves_time_for_the_hooks_after_it() {
        let (schedule, started) = schedule(times());
        let end = schedule.hooks_end(started);
        let ends = |now, others| schedule.hook_ends(started + now, end, others) - started;
        assert_eq!(ends(secs(0), 0), secs(5));
        assert_eq!(ends(secs(0), 2), secs(4), "a tenth for each");
        assert_eq!(ends(secs(0), 100), ms(2_500), "half for all");
        assert_eq!(ends(secs(4), 1), ms(4_500));
        assert_eq!(ends(ms(4_500), 0), secs(5));
        assert_eq!(ends(secs(4), 3), ms(4_250), "the rest is shared");
        assert_eq!(ends(secs(6), 1), secs(6), "no time is left");
    }
}
