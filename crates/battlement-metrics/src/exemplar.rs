use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use battlement_core::{SpanId, TraceId};
use tokio::time::Instant;

use crate::histogram::MAX_BOUNDS;

/// The minimum age before an exemplar is replaced; scrapes are rarer than that.
const KEPT: Duration = Duration::from_secs(1);

/// A sampled request that represents its bucket.
#[derive(Clone, Debug)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    /// The observed value, in the unit of its histogram.
    pub(crate) value: u64,
    /// The time of the observation, on the monotonic clock.
    pub(crate) at: Instant,
    /// The same time on the wall clock, as shown on the page.
    pub(crate) time: Option<SystemTime>,
}

/// The latest exemplar of each bucket. Requests never wait: a slot that is being read is skipped.
#[derive(Debug, Default)]
pub(crate) struct Exemplars([Mutex<Option<Exemplar>>; MAX_BOUNDS + 1]);

impl Exemplars {
    pub(crate) fn keep(&self, bucket: usize, make: impl FnOnce() -> Exemplar) {
        let Ok(mut slot) = self.0[bucket].try_lock() else {
            return;
        };
        let mut new = make();
        if slot.as_ref().is_none_or(|old| new.at.saturating_duration_since(old.at) >= KEPT) {
            new.time = Some(SystemTime::now());
            *slot = Some(new);
        }
    }

    pub(crate) fn snapshot(&self) -> [Option<Exemplar>; MAX_BOUNDS + 1] {
        self.0.each_ref().map(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}
