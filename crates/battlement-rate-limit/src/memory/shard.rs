use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;

use super::{
    cells::{Cells, decided_at},
    networks::Networks,
};
use crate::{Ask, Outcome, Source};

/// A part of the keys, behind a lock that is never held for longer than a decision. Aligned to its own cache lines, so
/// that neighbors do not slow each other down.
#[repr(align(128))]
pub(super) struct Shard {
    cells: Mutex<Cells>,
}

impl Shard {
    pub(super) fn new(capacity: usize) -> Self {
        Self { cells: Mutex::new(Cells::new(capacity)) }
    }

    pub(super) fn held(&self) -> usize {
        self.lock().held()
    }

    #[inline]
    pub(super) fn take(
        &self,
        ask: &Ask<'_>,
        asked: u64,
        networks: &Networks,
        on_overflow: impl FnOnce(),
    ) -> Outcome {
        let mut cells = self.lock();
        cells.latest = cells.latest.max(asked);
        let now = cells.latest;
        let Some(state) = cells.take_one(ask, now) else {
            let outcome = cells.take_all(ask, asked, now, networks);
            drop(cells);
            if outcome.source == Source::Overflow {
                on_overflow();
            }
            return outcome;
        };
        drop(cells);
        let mut states = SmallVec::new();
        states.push(state);
        Outcome::new(states, Source::Memory, decided_at(ask, asked, now))
    }

    pub(super) fn look(&self, ask: &Ask<'_>, asked: u64, networks: &Networks) -> Outcome {
        let mut cells = self.lock();
        let now = asked.max(cells.latest);
        cells.look(ask, asked, now, networks)
    }

    pub(super) fn give_back(
        &self,
        ask: &Ask<'_>,
        now: u64,
        networks: &Networks,
        charged: &Outcome,
        then: u64,
    ) {
        let mut cells = self.lock();
        let now = now.max(cells.latest);
        cells.give_back(ask, now, networks, charged, then);
    }

    pub(super) fn forget(&self, ask: &Ask<'_>, networks: &Networks) {
        self.lock().forget(ask, networks);
    }

    fn lock(&self) -> MutexGuard<'_, Cells> {
        // No foreign code runs under the lock, and a cell is written as a whole.
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
