use std::{fmt, sync::Arc, time::Duration};

use battlement_core::CheckState;
use tokio::time::Instant;

use crate::sync::{AtomicBool, AtomicU64, Ordering::SeqCst};

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
    pub(crate) fn new(every: Duration, late: Late, now: Instant) -> Self {
        let (last, is_overdue) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { base: now, every, late, last, is_overdue }
    }

    /// Records a beat, and returns whether the registry must be told, because it counts the beat as late.
    #[must_use]
    pub(crate) fn beat(&self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.base);
        self.last.store(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX), SeqCst);
        self.is_overdue.load(SeqCst)
    }

    /// Decides whether the beat is late, and tells later beats.
    pub(crate) fn judge(&self, now: Instant) -> bool {
        let is_overdue = self.is_late(now);
        self.is_overdue.store(is_overdue, SeqCst);
        // A beat that was recorded before it could see the mark is seen here.
        is_overdue && self.is_late(now)
    }

    /// Returns the time at which the beat becomes late unless it is repeated.
    pub(crate) fn late_at(&self) -> Instant {
        self.due() + self.late.grace
    }

    /// Returns the result at `now`.
    pub(crate) fn state(&self, now: Instant) -> CheckState {
        if self.is_late(now) {
            (self.late.state)(now.saturating_duration_since(self.due()))
        } else {
            CheckState::pass("beats on time")
        }
    }

    /// Returns the time since the last beat.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.last())
    }

    fn last(&self) -> Instant {
        self.base + Duration::from_nanos(self.last.load(SeqCst))
    }

    fn due(&self) -> Instant {
        self.last() + self.every
    }

    fn is_late(&self, now: Instant) -> bool {
        now > self.late_at()
    }
}

impl fmt::Debug for Beat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beat").field("every", &self.every).finish_non_exhaustive()
    }
}
