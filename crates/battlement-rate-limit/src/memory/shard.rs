use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::{
    cells::{Cells, decided_at},
    networks::Networks,
};
use crate::{Ask, Outcome, Source};

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
        ask: &Ask<'_>,
        requested_at: u64,
        networks: &Networks,
        on_overflow: impl FnOnce(),
    ) -> Outcome {
        let mut cells = self.lock();
        cells.latest = cells.latest.max(requested_at);
        let now = cells.latest;
        let Some(state) = cells.acquire_one(ask, now) else {
            let outcome = cells.acquire_all(ask, requested_at, now, networks);
            drop(cells);
            if outcome.source == Source::Overflow {
                on_overflow();
            }
            return outcome;
        };
        drop(cells);
        let mut states = SmallVec::new();
        states.push(state);
        Outcome::new(states, Source::Memory, decided_at(ask, requested_at, now))
    }

    pub(super) fn peek(&self, ask: &Ask<'_>, requested_at: u64, networks: &Networks) -> Outcome {
        let mut cells = self.lock();
        let now = requested_at.max(cells.latest);
        cells.peek(ask, requested_at, now, networks)
    }

    pub(super) fn refund(
        &self,
        ask: &Ask<'_>,
        now: u64,
        networks: &Networks,
        charged: &Outcome,
        then: u64,
    ) {
        let mut cells = self.lock();
        let now = now.max(cells.latest);
        cells.refund(ask, now, networks, charged, then);
    }

    pub(super) fn reset(&self, ask: &Ask<'_>, networks: &Networks) {
        self.lock().reset(ask, networks);
    }

    fn lock(&self) -> MutexGuard<'_, Cells> {
        // No foreign code runs under the lock, and a cell is written as a whole.
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
