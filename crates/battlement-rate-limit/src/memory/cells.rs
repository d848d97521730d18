use std::time::Duration;

use smallvec::SmallVec;

use super::{
    networks::{Counted, Networks},
    table::Table,
};
use crate::{
    Ask, Outcome, Policy, PolicyState, Ruling, Source,
    decide::{Cell, Denied, Left},
};

/// The cells of a shard. What each decision reads comes first, on the line of the lock: one line goes from core to
/// core.
#[repr(C)]
pub(super) struct Cells {
    /// The latest time of a request. Requests carry the time they began at, which is not the order in which they arrive
    /// here, and this time does not go back.
    pub(super) latest: u64,
    by_key: Table,
    capacity: usize,
    /// Cells that keys without their own share.
    shared: Table,
    most_shared: usize,
    /// How many cells the keys share under each policy.
    buckets: usize,
}

/// The cell of a policy, found for a decision.
pub(super) struct Staged {
    location: Location,
    /// Whether `before` differs from the stored cell.
    is_settled: bool,
    pub(super) before: Cell,
    pub(super) after: Result<Cell, Denied>,
}

pub(super) type AllStaged = SmallVec<[Staged; 2]>;

/// Where a cell is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Location {
    /// Among the keys.
    Own,
    /// Not yet anywhere.
    New,
    /// Among the shared cells, under this key.
    Shared(u128),
}

/// Of the cells of a shard, one in so many is added for sharing.
const SHARE_FOR_SHARED: usize = 8;
/// A quarter of the shared cells are for one policy: four policies have as many buckets as there can be.
const SHARE_OF_POLICY: usize = 4;

impl Cells {
    pub(super) fn new(capacity: usize) -> Self {
        let most_shared = (capacity / SHARE_FOR_SHARED).max(1);
        Self {
            latest: 0,
            by_key: Table::default(),
            capacity,
            shared: Table::default(),
            most_shared,
            buckets: (most_shared / SHARE_OF_POLICY).max(1),
        }
    }

    pub(super) fn held(&self) -> usize {
        self.by_key.len() + self.shared.len()
    }

    /// Decides for a key that is stored and one policy, which is most decisions: one look-up, and nothing is staged.
    #[inline]
    pub(super) fn take_one(&mut self, ask: &Ask<'_>, now: u64) -> Option<PolicyState> {
        let ([policy], [mark]) = (&**ask.policies, &*ask.policies.0.marks) else { return None };
        let cell = self.by_key.get_mut(own(ask, *mark))?;
        let (taken, left) = policy.rule().charge(cell, now, ask.cost);
        Some(state(taken, left))
    }

    /// Decides in all cases, and returns whether the cost was taken.
    #[inline(never)]
    pub(super) fn take_all(
        &mut self,
        ask: &Ask<'_>,
        now: u64,
        networks: &Networks,
    ) -> (AllStaged, bool) {
        let mut staged = self.stage(ask, now, None);
        let mut counted = Counted::NONE;
        if count_new(&staged) > 0 {
            if self.sweep(now, networks) {
                // It may have removed one of them.
                staged = self.stage(ask, now, None);
            }
            (staged, counted) = self.admit(ask, now, networks, staged);
        }
        let denied =
            |(staged, policy): (&Staged, &Policy)| staged.after.is_err() && !policy.is_shadow();
        let is_allowed = !staged.iter().zip(ask.policies.iter()).any(denied);
        let takes = is_allowed && ask.cost > 0;
        self.commit(ask, &staged, now, takes.then_some((counted, networks)));
        (staged, takes)
    }

    pub(super) fn look(&mut self, ask: &Ask<'_>, now: u64, networks: &Networks) -> AllStaged {
        let mut staged = self.stage(ask, now, None);
        if count_new(&staged) > 0 {
            (staged, _) = self.admit(ask, now, networks, staged);
        }
        self.commit(ask, &staged, now, None);
        staged
    }

    pub(super) fn give_back(
        &mut self,
        ask: &Ask<'_>,
        now: u64,
        networks: &Networks,
        charged: &Outcome,
        then: u64,
    ) {
        for ((policy, mark), state) in each(ask).zip(&charged.states) {
            // A policy that is only tried out may have denied it, and has taken nothing then.
            if !state.is_denied()
                && let Some(cell) = self.charged(ask, mark, networks, charged.source)
                && !cell.is_spent(now)
            {
                *cell = policy.rule().give_back(*cell, now, ask.cost, then, left(state));
            }
        }
    }

    pub(super) fn forget(&mut self, ask: &Ask<'_>, networks: &Networks) {
        for (_, mark) in each(ask) {
            if let Some(counted) = self.by_key.remove(own(ask, mark)) {
                networks.remove(counted);
            }
        }
    }

    /// Finds the cells of all policies. A policy of which the key has a cell continues with it; the others get one of
    /// their own, or with `shared` one of those that the keys with these counts share.
    fn stage(&self, ask: &Ask<'_>, now: u64, shared: Option<Counted>) -> AllStaged {
        let stage = |(policy, mark): (&Policy, u128)| {
            let (location, before) = match (self.by_key.get(own(ask, mark)), shared) {
                (Some(cell), _) => (Location::Own, cell),
                (None, None) => (Location::New, Cell::default()),
                (None, Some(counted)) => {
                    let key = self.shared_key(ask, mark, counted);
                    (Location::Shared(key), self.shared.get(key).unwrap_or_default())
                }
            };
            let settled = policy.rule().settle(before, now);
            let after = policy.rule().take(settled, now, ask.cost);
            Staged { location, is_settled: settled != before, before: settled, after }
        };
        each(ask).map(stage).collect()
    }

    /// Removes a few cells that have expired, and returns whether there were any.
    fn sweep(&mut self, now: u64, networks: &Networks) -> bool {
        let before = self.by_key.len();
        self.by_key.sweep(now, |counted| networks.remove(counted));
        self.by_key.len() < before
    }

    /// Lets the key have the new cells if there is room in the shard and its network does not hold too many, or else
    /// finds those that it shares.
    fn admit(
        &self,
        ask: &Ask<'_>,
        now: u64,
        networks: &Networks,
        staged: AllStaged,
    ) -> (AllStaged, Counted) {
        let (new, counted) = (count_new(&staged), networks.of(ask.key));
        if self.by_key.len() + new <= self.capacity && networks.admits(counted, new) {
            return (staged, counted);
        }
        (self.stage(ask, now, Some(counted)), counted)
    }

    /// Writes the cells after the cost, if it was taken; and those that were settled in any case, since clients are told
    /// how long to wait by them.
    fn commit(
        &mut self,
        ask: &Ask<'_>,
        staged: &[Staged],
        now: u64,
        taken: Option<(Counted, &Networks)>,
    ) {
        for ((_, mark), staged) in each(ask).zip(staged) {
            let cell = match staged.after {
                Ok(after) if taken.is_some() => after,
                _ if staged.is_settled => staged.before,
                _ => continue,
            };
            match (staged.location, taken) {
                (Location::Shared(key), _) => {
                    self.shared.sweep(now, |_| {});
                    self.shared.set(key, Counted::NONE, cell);
                }
                (Location::New, Some((counted, networks))) => {
                    self.by_key.set(own(ask, mark), counted, cell);
                    networks.add(counted);
                }
                (Location::Own | Location::New, _) => {
                    if let Some(stored) = self.by_key.get_mut(own(ask, mark)) {
                        *stored = cell;
                    }
                }
            }
        }
    }

    /// Returns the cell that a decision has charged, if it is still there.
    fn charged(
        &mut self,
        ask: &Ask<'_>,
        mark: u128,
        networks: &Networks,
        source: Source,
    ) -> Option<&mut Cell> {
        if source == Source::Overflow && self.by_key.get(own(ask, mark)).is_none() {
            let key = self.shared_key(ask, mark, networks.of(ask.key));
            return self.shared.get_mut(key);
        }
        self.by_key.get_mut(own(ask, mark))
    }

    /// Returns the key of the shared cell for keys with these counts, or for this one alone if it has no network.
    ///
    /// A policy for which there are no shared cells left, since there are many policies, has one for all keys.
    fn shared_key(&self, ask: &Ask<'_>, mark: u128, counted: Counted) -> u128 {
        let number = counted.wide().map_or_else(|| (ask.key.bits() >> 64) as usize, usize::from);
        let bucket = (number % self.buckets) as u128 + 1;
        let key = mark ^ bucket.wrapping_mul(SPREAD);
        if self.shared.len() < self.most_shared || self.shared.get(key).is_some() {
            key
        } else {
            mark
        }
    }
}

/// An odd number that spreads small ones over all bits: 2^128 divided by the golden ratio.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

pub(super) fn is_shared(staged: &[Staged]) -> bool {
    staged.iter().any(|staged| matches!(staged.location, Location::Shared(_)))
}

fn count_new(staged: &[Staged]) -> usize {
    staged.iter().filter(|staged| staged.location == Location::New).count()
}

/// Keys are random bits, so each policy of a key has cells of its own.
fn own(ask: &Ask<'_>, mark: u128) -> u128 {
    ask.key.bits() ^ mark
}

fn each<'a>(ask: &Ask<'a>) -> impl Iterator<Item = (&'a Policy, u128)> {
    ask.policies.iter().zip(ask.policies.0.marks.iter().copied())
}

/// Returns what a state says of the cell that it was made of.
fn left(state: &PolicyState) -> Left {
    let reset = u64::try_from(state.reset.as_nanos()).unwrap_or(u64::MAX);
    Left { units: state.remaining, reset }
}

#[inline]
pub(super) fn state(taken: Result<(), Denied>, Left { units, reset }: Left) -> PolicyState {
    let ruling = match taken {
        Ok(()) => Ruling::Allow,
        Err(Denied { wait }) => Ruling::Deny { wait: wait.map(Duration::from_nanos) },
    };
    PolicyState { ruling, remaining: units, reset: Duration::from_nanos(reset) }
}

#[cfg(test)]
mod tests {
    use std::{mem::offset_of, sync::Mutex};

    use super::*;

    #[test]
    fn what_each_decision_reads_lies_on_the_line_of_the_lock() {
        let lock = size_of::<Mutex<u64>>() - size_of::<u64>();
        assert!(lock + offset_of!(Cells, shared) <= 64);
    }
}
