use std::time::Duration;

use tokio::time::Instant;

/// The weight of the past in the mean: a new gap counts for an eighth.
const PAST: u32 = 7;

/// An estimate of the time until a request gets its permit, from the recent gaps between grants.
///
/// Only gaps during which a request waited count: an idle service does not look slow. A mean that no grant has
/// confirmed for eight gaps is forgotten, so that a slow minute does not reject the requests of the next one.
#[derive(Debug, Default)]
pub(super) struct WaitEstimate {
    /// The moving mean, or `None` before the first gap.
    gap: Option<Duration>,
    /// The time of the last grant, or of the first waiter after it.
    last: Option<Instant>,
}

impl WaitEstimate {
    /// Records that a request waits, as the only one.
    pub(super) fn begin(&mut self, now: Instant) {
        if self.gap.is_some_and(|gap| self.elapsed(now) > gap * (PAST + 1)) {
            self.gap = None;
        }
        self.last = Some(now);
    }

    /// Records that a waiter gets its permit.
    pub(super) fn granted(&mut self, now: Instant) {
        let gap = self.elapsed(now);
        self.gap = Some(self.gap.map_or(gap, |mean| moved(mean, gap)));
        self.last = Some(now);
    }

    /// Returns the time until a request gets its permit before which `ahead` others get theirs.
    ///
    /// Requests that arrive later and are served earlier are not known, so the time is a lower bound, and zero as
    /// long as no gap is known.
    pub(super) fn expected(&self, ahead: usize, now: Instant) -> Duration {
        let Some(mean) = self.gap else { return Duration::ZERO };
        let elapsed = self.elapsed(now);
        // A service that has stopped does not end a gap.
        let gap = if elapsed > mean { moved(mean, elapsed) } else { mean };
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        gap.saturating_mul(ahead).saturating_add(gap.saturating_sub(elapsed))
    }

    fn elapsed(&self, now: Instant) -> Duration {
        self.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last))
    }
}

/// Returns the mean after another gap.
fn moved(mean: Duration, gap: Duration) -> Duration {
    mean.saturating_mul(PAST).saturating_add(gap) / (PAST + 1)
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Returns an estimate after gaps of 10 ms, and the time of the last grant.
    fn steady() -> (WaitEstimate, Instant) {
        let mut now = Instant::now();
        let mut estimate = WaitEstimate::default();
        estimate.begin(now);
        for _ in 0..20 {
            now += MS * 10;
            estimate.granted(now);
        }
        (estimate, now)
    }

    #[test]
    fn an_unknown_gap_is_no_wait() {
        let now = Instant::now();
        let mut estimate = WaitEstimate::default();
        assert_eq!(estimate.expected(100, now), Duration::ZERO);
        estimate.begin(now);
        assert_eq!(estimate.expected(100, now + MS * 50), Duration::ZERO);
    }

    #[test]
    fn the_first_gap_is_the_mean() {
        let now = Instant::now();
        let mut estimate = WaitEstimate::default();
        estimate.begin(now);
        estimate.granted(now + MS * 3);
        assert_eq!(estimate.expected(0, now + MS * 3), MS * 3);
    }

    #[test]
    fn the_wait_is_a_gap_for_each_request_ahead_and_the_rest_of_the_current_one() {
        let (estimate, now) = steady();
        assert_eq!(estimate.expected(0, now), MS * 10);
        assert_eq!(estimate.expected(0, now + MS * 4), MS * 6);
        assert_eq!(estimate.expected(3, now + MS * 4), MS * 36);
        assert_eq!(estimate.expected(3, now + MS * 10), MS * 30);
    }

    #[test]
    fn a_gap_counts_for_an_eighth() {
        let (mut estimate, now) = steady();
        estimate.granted(now + MS * 90);
        assert_eq!(estimate.expected(0, now + MS * 90), MS * 20);
    }

    #[test]
    fn a_service_that_has_stopped_makes_the_wait_longer_before_the_gap_ends() {
        let (estimate, now) = steady();
        assert_eq!(estimate.expected(2, now + MS * 90), MS * 40);
    }

    #[test]
    fn a_mean_is_kept_for_eight_gaps_and_then_forgotten() {
        let (mut estimate, now) = steady();
        estimate.begin(now + MS * 80);
        assert_eq!(estimate.expected(0, now + MS * 80), MS * 10);
        let (mut estimate, now) = steady();
        estimate.begin(now + MS * 81);
        assert_eq!(estimate.expected(9, now + MS * 81), Duration::ZERO);
        estimate.granted(now + MS * 83);
        assert_eq!(estimate.expected(0, now + MS * 83), MS * 2);
    }

    #[test]
    fn the_time_without_waiters_is_no_gap() {
        let (mut estimate, now) = steady();
        estimate.begin(now + MS * 70);
        estimate.granted(now + MS * 80);
        assert_eq!(estimate.expected(1, now + MS * 80), MS * 20);
    }

    #[test]
    fn extreme_values_saturate() {
        let (estimate, now) = steady();
        assert_eq!(estimate.expected(usize::MAX, now), MS * 10 * u32::MAX + MS * 10);
    }
}
