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

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn each_phase_lasts_until_the_next_one_that_was_entered() {
        let start = Instant::now();
        let mut timeline = Timeline::default();
        assert_eq!(timeline.times(start), PhaseTimes::default());

        timeline.enter(Phase::Running, start);
        timeline.enter(Phase::Unready, start);
        timeline.enter(Phase::Unready, start + ms(1));
        let unready = PhaseTimes { unready: Some(ms(7)), ..PhaseTimes::default() };
        assert_eq!(timeline.times(start + ms(7)), unready, "the current phase ends now");

        timeline.enter(Phase::Stopping, start + ms(10));
        timeline.enter(Phase::Draining, start + ms(30));
        timeline.start_hooks(start + ms(60));
        timeline.start_hooks(start + ms(61));
        timeline.enter(Phase::Done, start + ms(100));
        let times = PhaseTimes {
            unready: Some(ms(10)),
            stopping: Some(ms(20)),
            draining: Some(ms(30)),
            cut_off: None,
            hooks: Some(ms(40)),
        };
        assert_eq!(timeline.times(start + ms(999)), times);

        timeline.enter(Phase::CutOff, start + ms(55));
        let times = PhaseTimes { draining: Some(ms(25)), cut_off: Some(ms(5)), ..times };
        assert_eq!(timeline.times(start), times);
    }
}
