use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use battlement_core::{SpanId, TraceId};
use tokio::time::Instant;

use crate::histogram::MAX_BOUNDS;

/// How long one is kept at least: more often than that nobody scrapes.
const KEPT: Duration = Duration::from_secs(1);

/// A request whose trace shows what is in a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    /// In the unit of its histogram.
    pub(crate) value: u64,
    /// When it was observed, on the clock of requests.
    pub(crate) at: Instant,
    /// The same on the wall, for whoever reads the page.
    pub(crate) time: Option<SystemTime>,
}

/// The last exemplar of each bucket. Requests never wait: where a slot is being read, none is left.
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
