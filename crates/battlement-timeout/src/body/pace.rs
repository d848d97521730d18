use std::time::Duration;

use battlement_core::Deadline;
use tokio::time::Instant;

use super::limits::BodyLimits;

/// The number of frames that are ready at once between two looks at the clock.
const FRAMES_PER_CHECK: u32 = 64;

/// The progress of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The first wait, from which the total time counts.
    start: Option<Instant>,
    /// The begin of the current wait.
    waiting: Option<Instant>,
    has_data: bool,
    frames: u32,
}

/// The end of the time that a body has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub(super) at: Instant,
    /// The limit that ends then.
    pub(super) limit: Duration,
}

impl Due {
    fn after(start: Instant, limit: Duration) -> Self {
        Self { at: Deadline::after(start, limit).instant(), limit }
    }
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self { start: None, waiting: None, has_data: false, frames: 0 }
    }

    /// Records that the reader waits, and returns the end of the wait. `now` is called only at its begin.
    #[inline]
    pub(super) fn wait(
        &mut self,
        limits: &BodyLimits,
        now: impl FnOnce() -> Instant,
    ) -> Option<Due> {
        let since = *self.waiting.get_or_insert_with(now);
        let start = *self.start.get_or_insert(since);
        let limit = if self.has_data { limits.idle } else { limits.first_byte };
        let wait = limit.map(|limit| Due::after(since, limit));
        let total = limits.total.map(|limit| Due::after(start, limit));
        // The total first, since it is the limit to name if both end at once.
        [total, wait].into_iter().flatten().min_by_key(|due| due.at)
    }

    /// Records a frame with data, and returns the limit of the total time if the time was over before `now`. `now` is
    /// called for one frame in 64.
    #[inline]
    pub(super) fn progress(
        &mut self,
        limits: &BodyLimits,
        now: impl FnOnce() -> Instant,
    ) -> Option<Duration> {
        self.waiting = None;
        self.has_data = true;
        self.frames = self.frames.wrapping_add(1);
        if !self.frames.is_multiple_of(FRAMES_PER_CHECK) {
            return None;
        }
        let (total, now) = (limits.total?, now());
        let start = *self.start.get_or_insert(now);
        (now > Due::after(start, total).at).then_some(total)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_limit_of_the_whole_range_does_not_overflow() {
        let limits = BodyLimits::new().first_byte(Duration::MAX).total(Duration::MAX);
        let now = Instant::now();
        assert!(Pace::new().wait(&limits, || now).unwrap().at > now + 1_000_000 * SECOND);
    }

    #[test]
    fn the_clock_is_read_once_a_wait_and_once_in_64_frames() {
        let (limits, now) = (BodyLimits::requests(), Instant::now());
        let (mut pace, mut reads) = (Pace::new(), 0);
        for _ in 0..640 {
            assert_eq!(
                pace.progress(&limits, || {
                    reads += 1;
                    now
                }),
                None
            );
        }
        assert_eq!(reads, 10);
        for _ in 0..5 {
            pace.wait(&limits, || {
                reads += 1;
                now
            });
        }
        assert_eq!(reads, 11);
    }

    #[test]
    fn a_body_that_is_always_ready_is_ended_after_its_total_time() {
        let (limits, start) = (BodyLimits::new().total(SECOND), Instant::now());
        let mut pace = Pace::new();
        let mut ended =
            |from: u32, at| (from..from + 64).find_map(|_| pace.progress(&limits, || at));
        assert_eq!(ended(0, start), None);
        assert_eq!(ended(64, start + SECOND), None);
        assert_eq!(ended(128, start + SECOND + Duration::from_nanos(1)), Some(SECOND));
    }

    /// A step of a body, a number of milliseconds after the former.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Wait(u64),
        Data(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![(0_u64..50).prop_map(Step::Wait), (0_u64..50).prop_map(Step::Data)];
        proptest::collection::vec(step, 1..40)
    }

    fn limit() -> impl Strategy<Value = Option<Duration>> {
        proptest::option::of((1_u64..100).prop_map(Duration::from_millis))
    }

    /// Returns the end of the last wait, found by a look at the whole history.
    fn model(history: &[(u64, bool)], limits: &BodyLimits) -> Option<u64> {
        let wait = |(_, is_wait): &&(u64, bool)| *is_wait;
        let begin = history.iter().rposition(|(_, is_wait)| !is_wait).map_or(0, |data| data + 1);
        let since = history[begin..].iter().find(wait)?.0;
        let first = history.iter().find(wait)?.0;
        let limit = if begin == 0 { limits.first_byte } else { limits.idle };
        let end = |start: u64, limit: Option<Duration>| Some(start + limit?.as_millis() as u64);
        [end(since, limit), end(first, limits.total)].into_iter().flatten().min()
    }

    proptest! {
        #[test]
        fn the_end_of_a_wait_is_the_earliest_of_the_limits_that_apply(
            steps in steps(),
            (first_byte, idle, total) in (limit(), limit(), limit()),
        ) {
            let limits = BodyLimits::new().first_byte(first_byte).idle(idle).total(total);
            let (start, mut at, mut pace, mut history) =
                (Instant::now(), 0, Pace::new(), Vec::new());
            for step in steps {
                let (Step::Wait(time) | Step::Data(time)) = step;
                at += time;
                history.push((at, matches!(step, Step::Wait(_))));
                let now = start + Duration::from_millis(at);
                match step {
                    Step::Wait(_) => {
                        let due = pace.wait(&limits, || now);
                        let due = due.map(|due| (due.at - start).as_millis() as u64);
                        prop_assert_eq!(due, model(&history, &limits));
                    }
                    Step::Data(_) => prop_assert_eq!(pace.progress(&limits, || now), None),
                }
            }
        }
    }
}
