use std::{
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{AcqRel, Relaxed},
    },
    time::Duration,
};

use tokio::time::Instant;
use tracing::{info, warn};

use crate::Reason;

/// The time without a rejection after which shedding has ended.
const QUIET: Duration = Duration::from_secs(10);

/// The rejections of a layer, of which one event reports the begin and one the end.
///
/// There is no task and no timer: the first call that is admitted after the quiet time reports the end, or the first
/// reading of the state.
#[derive(Debug)]
pub(crate) struct Shedding {
    start: Instant,
    is_on: AtomicBool,
    rejections: AtomicU64,
    /// The rejections before the shedding began.
    before: AtomicU64,
    /// The begin and the last rejection, in milliseconds since the start.
    since: AtomicU64,
    last: AtomicU64,
}

impl Shedding {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            is_on: AtomicBool::new(false),
            rejections: AtomicU64::new(0),
            before: AtomicU64::new(0),
            since: AtomicU64::new(0),
            last: AtomicU64::new(0),
        }
    }

    /// Returns whether calls were rejected lately, so that [`calm`](Self::calm) may find the end.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Relaxed)
    }

    pub(crate) fn rejections(&self) -> u64 {
        self.rejections.load(Relaxed)
    }

    /// Counts a rejection, and reports the first one.
    pub(crate) fn rejected(&self, name: &str, reason: Reason, limit: usize, now: Instant) {
        let tick = self.tick(now);
        let before = self.rejections.fetch_add(1, Relaxed);
        self.last.store(tick, Relaxed);
        if self.is_on() || self.is_on.swap(true, AcqRel) {
            return;
        }
        self.before.store(before, Relaxed);
        self.since.store(tick, Relaxed);
        warn!(
            limiter = name,
            reason = reason.as_str(),
            limit,
            "concurrency limit reached; calls are rejected"
        );
    }

    /// Reports the end of shedding, if the quiet time is over.
    #[cold]
    pub(crate) fn calm(&self, name: &str, limit: usize, now: Instant) {
        let last = self.last.load(Relaxed);
        let quiet = Duration::from_millis(self.tick(now).saturating_sub(last));
        // Read before the swap: the next rejection after it writes both.
        let (since, before) = (self.since.load(Relaxed), self.before.load(Relaxed));
        if quiet < QUIET || !self.is_on.swap(false, AcqRel) {
            return;
        }
        let shed_for = Duration::from_millis(last.saturating_sub(since));
        let rejections = self.rejections().saturating_sub(before);
        info!(
            limiter = name,
            rejections,
            ?shed_for,
            limit,
            "concurrency limit no longer reached; calls are admitted"
        );
    }

    fn tick(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.start);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
