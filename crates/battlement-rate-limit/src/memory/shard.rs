use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use smallvec::SmallVec;

use super::table::Table;
use crate::{
    Ask, Moment, Outcome, Policy, PolicyState, Ruling, Source,
    decide::{Cell, Denied, Left},
};

/// A part of the keys, behind a lock that nobody holds for longer than a decision. Alone on its cache lines,
/// so that neighbours do not slow each other down.
#[repr(align(128))]
pub(super) struct Shard {
    cells: Mutex<Cells>,
}

/// What each decision reads stands first, on the line of the lock: it is one line that goes from core to core.
#[repr(C)]
struct Cells {
    /// The latest time it was asked at. Requests tell when they began, which is not the order in which they
    /// come here, and its time does not go back.
    latest: u64,
    by_key: Table,
    capacity: usize,
    /// Of the keys that found no place, by policy.
    shared: Table,
}

/// The cell of a policy, found for a decision.
struct Staged {
    place: Place,
    /// Whether `before` is not what lies there.
    is_settled: bool,
    before: Cell,
    after: Result<Cell, Denied>,
}

/// Where a cell lies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among the keys.
    Own,
    /// Nowhere yet.
    New,
    /// There is no room for another key.
    Shared,
}

impl Shard {
    pub(super) fn new(capacity: usize) -> Self {
        let cells =
            Cells { latest: 0, by_key: Table::default(), capacity, shared: Table::default() };
        Self { cells: Mutex::new(cells) }
    }

    pub(super) fn held(&self) -> usize {
        let cells = self.lock();
        cells.by_key.len() + cells.shared.len()
    }

    #[inline]
    pub(super) fn take(&self, ask: &Ask<'_>, asked: u64, on_overflow: impl FnOnce()) -> Outcome {
        let mut cells = self.lock();
        cells.latest = cells.latest.max(asked);
        let now = cells.latest;
        let Some(state) = cells.take_one(ask, now) else {
            let outcome = cells.take_all(ask, asked, now);
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

    pub(super) fn look(&self, ask: &Ask<'_>, asked: u64) -> Outcome {
        let mut cells = self.lock();
        let now = asked.max(cells.latest);
        let staged = cells.stage(ask, now, cells.has_no_room_for(ask.policies.len()));
        cells.commit(ask, &staged, now, false);
        outcome(ask, &staged, asked, now, false)
    }

    pub(super) fn give_back(&self, ask: &Ask<'_>, now: u64, charged: &Outcome, then: u64) {
        let mut cells = self.lock();
        let now = now.max(cells.latest);
        for ((policy, mark), state) in each(ask).zip(&charged.states) {
            // A policy that is only tried out may have denied it, and has taken nothing then.
            if !state.is_denied()
                && let Some(cell) = cells.charged(own(ask, mark), mark, charged.source)
                && !cell.is_spent(now)
            {
                *cell = policy.rule().give_back(*cell, now, ask.cost, then, left(state));
            }
        }
    }

    pub(super) fn forget(&self, ask: &Ask<'_>) {
        let mut cells = self.lock();
        for (_, mark) in each(ask) {
            cells.by_key.remove(own(ask, mark));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Cells> {
        // No code of others runs under the lock, and a cell is written whole.
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cells {
    /// What most decisions are: by one policy, of a key that is here. It is looked up once, and nothing is staged.
    #[inline]
    fn take_one(&mut self, ask: &Ask<'_>, now: u64) -> Option<PolicyState> {
        let ([policy], [mark]) = (&**ask.policies, &*ask.policies.0.marks) else { return None };
        let cell = self.by_key.get_mut(own(ask, *mark))?;
        let (taken, left) = policy.rule().charge(cell, now, ask.cost);
        Some(state(taken, left))
    }

    #[inline(never)]
    fn take_all(&mut self, ask: &Ask<'_>, asked: u64, now: u64) -> Outcome {
        let mut staged = self.stage(ask, now, false);
        let new = staged.iter().filter(|staged| staged.place == Place::New).count();
        if new > 0 {
            self.by_key.sweep(now);
            // The sweep may have thrown out one of them.
            staged = self.stage(ask, now, self.has_no_room_for(new));
        }
        let denied =
            |(staged, policy): (&Staged, &Policy)| staged.after.is_err() && !policy.is_shadow();
        let allowed = !staged.iter().zip(ask.policies.iter()).any(denied);
        let takes = allowed && ask.cost > 0;
        self.commit(ask, &staged, now, takes);
        outcome(ask, &staged, asked, now, takes)
    }

    fn has_no_room_for(&self, new: usize) -> bool {
        self.by_key.len() + new > self.capacity
    }

    /// A policy of which the key has a cell goes on with it, however full it is.
    fn stage(&self, ask: &Ask<'_>, now: u64, full: bool) -> SmallVec<[Staged; 2]> {
        let stage = |(policy, mark): (&Policy, u128)| {
            let (place, before) = match self.by_key.get(own(ask, mark)) {
                Some(cell) => (Place::Own, cell),
                None if full => (Place::Shared, self.shared.get(mark).unwrap_or_default()),
                None => (Place::New, Cell::default()),
            };
            let settled = policy.rule().settle(before, now);
            let after = policy.rule().take(settled, now, ask.cost);
            Staged { place, is_settled: settled != before, before: settled, after }
        };
        each(ask).map(stage).collect()
    }

    /// Writes what was taken, and what was settled in any case: clients are told how long to wait by that.
    fn commit(&mut self, ask: &Ask<'_>, staged: &[Staged], now: u64, takes: bool) {
        for ((_, mark), staged) in each(ask).zip(staged) {
            let after = match staged.after {
                Ok(after) if takes => after,
                _ if staged.is_settled => staged.before,
                _ => continue,
            };
            match staged.place {
                Place::Own | Place::New => self.by_key.set(own(ask, mark), after),
                Place::Shared => {
                    // One for each name of a policy, of which an application may make up many.
                    self.shared.sweep_all(now);
                    self.shared.set(mark, after);
                }
            }
        }
    }

    /// The cell that a decision has charged, if it is still there.
    fn charged(&mut self, own: u128, mark: u128, source: Source) -> Option<&mut Cell> {
        match self.by_key.get_mut(own) {
            None if source == Source::Overflow => self.shared.get_mut(mark),
            found => found,
        }
    }
}

/// Keys are random bits, so that each policy of a key has a place of its own.
fn own(ask: &Ask<'_>, mark: u128) -> u128 {
    ask.key.bits() ^ mark
}

fn each<'a>(ask: &Ask<'a>) -> impl Iterator<Item = (&'a Policy, u128)> {
    ask.policies.iter().zip(ask.policies.0.marks.iter().copied())
}

fn outcome(ask: &Ask<'_>, staged: &[Staged], asked: u64, now: u64, committed: bool) -> Outcome {
    let state = |(policy, staged): (&Policy, &Staged)| {
        let cell = staged.after.ok().filter(|_| committed).unwrap_or(staged.before);
        state(staged.after.map(|_| ()), policy.rule().left(cell, now))
    };
    let states = ask.policies.iter().zip(staged).map(state).collect();
    let overflowed = staged.iter().any(|staged| staged.place == Place::Shared);
    let source = if overflowed { Source::Overflow } else { Source::Memory };
    Outcome::new(states, source, decided_at(ask, asked, now))
}

/// Later than it was asked, if others have moved the clock on.
fn decided_at(ask: &Ask<'_>, asked: u64, now: u64) -> Moment {
    if now == asked { ask.now } else { ask.now + Duration::from_nanos(now - asked) }
}

/// What a state says of the cell that it was made of.
fn left(state: &PolicyState) -> Left {
    let reset = u64::try_from(state.reset.as_nanos()).unwrap_or(u64::MAX);
    Left { units: state.remaining, reset }
}

#[inline]
fn state(taken: Result<(), Denied>, Left { units, reset }: Left) -> PolicyState {
    let ruling = match taken {
        Ok(()) => Ruling::Allow,
        Err(Denied { wait }) => Ruling::Deny { wait: wait.map(Duration::from_nanos) },
    };
    PolicyState { ruling, remaining: units, reset: Duration::from_nanos(reset) }
}

#[cfg(test)]
mod tests {
    use std::mem::offset_of;

    use super::*;

    #[test]
    fn what_each_decision_reads_lies_on_the_line_of_the_lock() {
        let lock = size_of::<Mutex<u64>>() - size_of::<u64>();
        assert!(lock + offset_of!(Cells, shared) <= 64);
    }
}
