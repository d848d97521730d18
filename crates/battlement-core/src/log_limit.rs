use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::time::Instant;

/// Decides how often a recurring event is logged: once, or at most once per period.
///
/// Clients cause most of the events that a layer warns about, so an unlimited warning lets a client fill a disk.
/// The first event is logged at once. Later events within the period are counted, and the next one that is
/// logged carries their number. An event that is not logged costs an atomic load and an atomic increment, and a
/// reading of the clock only where there is a period.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_core::LogLimit;
///
/// let limit = LogLimit::per(Duration::from_secs(60));
/// if let Some(suppressed) = limit.admit() {
///     println!("x-forwarded-for contains an entry that is not an IP address ({suppressed} suppressed)");
/// }
/// assert_eq!(limit.admit(), None);
/// ```
#[derive(Debug)]
pub struct LogLimit {
    period: Option<(Instant, Duration)>,
    /// The end of the current period, in milliseconds since the limit was created; the maximum is never reached.
    next: AtomicU64,
    suppressed: AtomicU64,
}

impl LogLimit {
    /// Creates a limit that admits one event in its lifetime.
    #[must_use]
    pub const fn once() -> Self {
        Self { period: None, next: AtomicU64::new(0), suppressed: AtomicU64::new(0) }
    }

    /// Creates a limit that admits one event per `period`.
    #[must_use]
    pub fn per(period: Duration) -> Self {
        Self { period: Some((Instant::now(), period)), ..Self::once() }
    }

    /// Returns the number of events suppressed since the last admitted one if this event is to be logged.
    pub fn admit(&self) -> Option<u64> {
        let next = self.next.load(Relaxed);
        if next != u64::MAX {
            let (now, after) = self.times();
            if next <= now && self.next.compare_exchange(next, after, Relaxed, Relaxed).is_ok() {
                return Some(self.suppressed.swap(0, Relaxed));
            }
        }
        self.suppressed.fetch_add(1, Relaxed);
        None
    }

    /// Returns whether the limit admits no further event, so that the caller can skip the work of detecting one.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.next.load(Relaxed) == u64::MAX
    }

    /// Returns the current time and the end of a period that begins now.
    fn times(&self) -> (u64, u64) {
        let Some((created, period)) = self.period else { return (0, u64::MAX) };
        let now = created.elapsed();
        (millis(now), millis(now.saturating_add(period)))
    }
}

/// Returns whole milliseconds, below the value that means "never".
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn one_event_is_admitted_in_the_lifetime_of_a_limit_without_a_period() {
        static LIMIT: LogLimit = LogLimit::once();
        assert!(!LIMIT.is_spent());
        let admitted: Vec<_> = (0..100).filter_map(|_| LIMIT.admit()).collect();
        assert_eq!(admitted, [0]);
        assert!(LIMIT.is_spent() && !LogLimit::per(MINUTE).is_spent());
    }

    #[tokio::test(start_paused = true)]
    async fn one_event_is_admitted_per_period_and_carries_the_number_of_the_suppressed() {
        let limit = LogLimit::per(MINUTE);
        assert_eq!(limit.admit(), Some(0));
        for _ in 0..7 {
            assert_eq!(limit.admit(), None);
        }
        tokio::time::advance(MINUTE - Duration::from_millis(1)).await;
        assert_eq!(limit.admit(), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(limit.admit(), Some(8));
        assert_eq!(limit.admit(), None);
    }

    #[test]
    fn of_events_at_the_same_time_one_is_admitted() {
        let limit = LogLimit::per(MINUTE);
        let admitted: usize = std::thread::scope(|scope| {
            let count = || (0..1_000).filter(|_| limit.admit().is_some()).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 1);
    }

    #[test]
    fn every_event_is_admitted_or_counted_once_whatever_threads_do() {
        let limit = LogLimit::per(Duration::ZERO);
        let admit =
            || (0..10_000).filter_map(|_| limit.admit()).map(|suppressed| suppressed + 1).sum();
        let admitted: u64 = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(admit)).collect();
            threads.into_iter().map(|thread| -> u64 { thread.join().unwrap() }).sum()
        });
        let last = limit.admit().map_or(0, |suppressed| suppressed);
        assert_eq!(admitted + last, 40_000);
    }

    #[test]
    fn a_period_without_end_admits_the_first_event() {
        let limit = LogLimit::per(Duration::MAX);
        assert_eq!((limit.admit(), limit.admit()), (Some(0), None));
    }
}
