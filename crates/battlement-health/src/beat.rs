use std::{fmt, sync::Arc, time::Duration};

use battlement_core::CheckState;
use tokio::time::Instant;

use crate::sync::{
    AtomicBool, AtomicU64,
    Ordering::{AcqRel, Acquire, Release, SeqCst},
    fence,
};

/// The longest time between two beats, and the longest grace. Times within it cannot overflow an instant.
pub(crate) const MAX: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The judgment of beats that are late.
#[derive(Clone)]
pub(crate) struct Late {
    /// The delay up to which a beat is on time.
    pub(crate) grace: Duration,
    /// The result for a delay that exceeds the grace.
    pub(crate) state: Arc<dyn Fn(Duration) -> CheckState + Send + Sync>,
}

/// The time of the last beat, which a probe compares with the time at which the next one was due.
pub(crate) struct Beat {
    base: Instant,
    every: Duration,
    late: Late,
    /// The last beat, in nanoseconds since `base`.
    last: AtomicU64,
    /// Whether the registry has counted the beat as late.
    is_overdue: AtomicBool,
}

impl Beat {
    /// Creates a beat that has just beaten.
    pub(crate) fn new(every: Duration, mut late: Late, now: Instant) -> Self {
        late.grace = late.grace.min(MAX);
        let (last, is_overdue) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { base: now, every: every.min(MAX), late, last, is_overdue }
    }

    /// Records a beat, and returns whether the registry must be notified, because it counts the beat as late.
    #[must_use]
    pub(crate) fn beat(&self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.base);
        self.last.fetch_max(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX), AcqRel);
        // At least one of a beat and a concurrent judgment sees what the other has stored.
        fence(SeqCst);
        self.is_overdue.load(Acquire)
    }

    /// Returns the result at `now`, and the time at which the beat becomes late unless it is repeated. If
    /// the beat is late, the next call of [`beat`](Self::beat) returns that the registry must be notified.
    pub(crate) fn judge(&self, now: Instant) -> (CheckState, Option<Instant>) {
        self.is_overdue.store(self.is_late(now), Release);
        fence(SeqCst);
        let late_at = self.late_at();
        (self.state_at(now, late_at), (late_at > now).then_some(late_at))
    }

    /// Returns the result at `now`.
    pub(crate) fn state(&self, now: Instant) -> CheckState {
        self.state_at(now, self.late_at())
    }

    fn state_at(&self, now: Instant, late_at: Instant) -> CheckState {
        if late_at > now {
            CheckState::pass("beats on time")
        } else {
            (self.late.state)(now.saturating_duration_since(late_at) + self.late.grace)
        }
    }

    fn is_late(&self, now: Instant) -> bool {
        self.late_at() <= now
    }

    /// Returns the time at which the beat becomes late.
    fn late_at(&self) -> Instant {
        self.last() + self.every + self.late.grace
    }

    /// Returns the time since the last beat.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last())
    }

    fn last(&self) -> Instant {
        self.base + Duration::from_nanos(self.last.load(Acquire))
    }
}

impl fmt::Debug for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beat").field("every", &self.every).finish_non_exhaustive()
    }
}
