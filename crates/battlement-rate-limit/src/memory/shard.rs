use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::{
    cells::{Cells, SHARED, decided_at},
    networks::Networks,
};
use crate::{Outcome, Query, Source};

/// A shard of the keys, behind a lock that is held for one decision at most. It is aligned to its own cache lines, so
/// that threads that use neighboring shards do not slow each other down.
#[repr(align(128))]
pub(super) struct Shard {
    cells: Mutex<Cells>,
}

impl Shard {
    pub(super) fn new(capacity: usize) -> Self {
        Self { cells: Mutex::new(Cells::new(capacity)) }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    #[inline]
    pub(super) fn acquire(
        &self,
        query: &Query<'_>,
        requested_at: u64,
        networks: &Networks,
        on_overflow: impl FnOnce(),
    ) -> Outcome {
        let mut cells = self.lock();
        cells.latest = cells.latest.max(requested_at);
        let now = cells.latest;
        let Some(state) = cells.acquire_one(query, now) else {
            let outcome = cells.acquire_all(query, requested_at, now, networks);
            drop(cells);
            if outcome.receipt == SHARED {
                on_overflow();
            }
            return outcome;
        };
        drop(cells);
        let mut states = SmallVec::new();
        states.push(state);
        Outcome::new(states, Source::MEMORY, decided_at(query, requested_at, now))
    }

    pub(super) fn peek(
        &self,
        query: &Query<'_>,
        requested_at: u64,
        networks: &Networks,
    ) -> Outcome {
        let mut cells = self.lock();
        let now = requested_at.max(cells.latest);
        cells.peek(query, requested_at, now, networks)
    }

    pub(super) fn refund(
        &self,
        query: &Query<'_>,
        now: u64,
        networks: &Networks,
        charged: &Outcome,
        then: u64,
    ) {
        let mut cells = self.lock();
        let now = now.max(cells.latest);
        cells.refund(query, now, networks, charged, then);
    }

    pub(super) fn reset(&self, query: &Query<'_>, networks: &Networks) {
        self.lock().reset(query, networks);
    }

    fn lock(&self) -> MutexGuard<'_, Cells> {
        // No foreign code runs under the lock, and a cell is written as a whole.
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
