use std::time::Duration;

use smallvec::SmallVec;
use tokio::time::Instant;

use super::{
    networks::{Counted, Networks},
    table::Table,
};
use crate::{
    Outcome, Policy, PolicyState, Query, Receipt, Source,
    algorithm::{Cell, Denied, Remaining},
};

/// The cells of a shard. The fields that each decision reads come first, on the cache line of the lock, so that a
/// single line moves between cores.
#[repr(C)]
pub(super) struct Cells {
    /// The latest time of a request. Requests carry the time at which they began, which is not the order in which they
    /// arrive here, and this time does not go back.
    pub(super) latest: u64,
    by_key: Table,
    capacity: usize,
    /// Cells that are shared by keys without their own.
    shared: Table,
    most_shared: usize,
    /// The number of cells that the keys share under each policy.
    buckets: usize,
}

/// The cell of a policy, prepared for a decision.
struct Prepared {
    location: Location,
    /// Whether `before` differs from the stored cell.
    is_settled: bool,
    before: Cell,
    after: Result<Cell, Denied>,
}

type AllPrepared = SmallVec<[Prepared; 2]>;
type States = SmallVec<[PolicyState; 2]>;

/// The maximum number of policies that are decided without prepared cells.
const SEVERAL: usize = 4;

/// The location of a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Location {
    /// Among the cells of keys.
    Own,
    /// A cell that is not stored yet.
    New,
    /// Among the shared cells: the cell of the key's bucket.
    Shared,
    /// Among the shared cells: the cell for all keys.
    SharedByAll,
}

/// The receipt of a decision that a shared cell made for at least one policy.
pub(super) const SHARED: Receipt = Receipt::new(1);

/// The divisor of a shard's capacity that gives the number of additional cells for sharing.
const SHARE_FOR_SHARED: usize = 8;
/// A quarter of the shared cells are for one policy: four policies have the maximum number of buckets.
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

    pub(super) fn len(&self) -> usize {
        self.by_key.len() + self.shared.len()
    }

    /// Decides for a stored key and a single policy, the most common case: one look-up, and no prepared cells.
    #[inline]
    pub(super) fn acquire_one(&mut self, query: &Query<'_>, now: u64) -> Option<PolicyState> {
        let [policy] = &**query.policies else { return None };
        let cell = self.by_key.get_mut(own(query, policy.id()))?;
        let (taken, left) = policy.rule().charge(cell, now, query.cost);
        Some(PolicyState::new(taken, left))
    }

    /// Decides in all cases.
    #[inline(never)]
    pub(super) fn acquire_all(
        &mut self,
        query: &Query<'_>,
        requested_at: u64,
        now: u64,
        networks: &Networks,
    ) -> Outcome {
        match self.acquire_several(query, now) {
            Some(states) => {
                Outcome::new(states, Source::MEMORY, decided_at(query, requested_at, now))
            }
            None => self.acquire_prepared(query, requested_at, now, networks),
        }
    }

    /// Decides for a stored key and a few policies that all allow the request: one look-up for each. Otherwise returns
    /// `None`, and leaves the cells as they were.
    fn acquire_several(&mut self, query: &Query<'_>, now: u64) -> Option<States> {
        let count = query.policies.len();
        if !(2..=SEVERAL).contains(&count) {
            return None;
        }
        let mut before = [Cell::default(); SEVERAL];
        let mut states = States::with_capacity(count);
        for ((policy, id), before) in each(query).zip(&mut before) {
            let charged = self.by_key.get_mut(own(query, id)).and_then(|cell| {
                *before = *cell;
                let (taken, left) = policy.rule().charge(cell, now, query.cost);
                let is_allowed = taken.is_ok() || policy.is_shadow();
                is_allowed.then(|| PolicyState::new(taken, left))
            });
            let Some(state) = charged else { break };
            states.push(state);
        }
        if states.len() == count {
            return Some(states);
        }
        self.restore(query, &before[..=states.len()]);
        None
    }

    /// Restores the cells of the first policies, as far as they are stored.
    #[cold]
    fn restore(&mut self, query: &Query<'_>, before: &[Cell]) {
        for ((_, id), before) in each(query).zip(before) {
            if let Some(cell) = self.by_key.get_mut(own(query, id)) {
                *cell = *before;
            }
        }
    }

    /// Decides with prepared cells, which are written at once after all policies have decided.
    #[inline(never)]
    fn acquire_prepared(
        &mut self,
        query: &Query<'_>,
        requested_at: u64,
        now: u64,
        networks: &Networks,
    ) -> Outcome {
        let mut prepared = self.prepare(query, now, None);
        let mut counted = Counted::NONE;
        if count_new(&prepared) > 0 {
            if self.sweep(now, networks) {
                // The sweep may have removed a cell of this key.
                prepared = self.prepare(query, now, None);
            }
            (prepared, counted) = self.admit(query, now, networks, prepared);
        }
        let denied = |(prepared, policy): (&Prepared, &Policy)| {
            prepared.after.is_err() && !policy.is_shadow()
        };
        let is_allowed = !prepared.iter().zip(query.policies.iter()).any(denied);
        let takes = is_allowed && query.cost > 0;
        self.commit(query, &prepared, now, takes, counted, networks);
        outcome(query, &prepared, requested_at, now, takes)
    }

    pub(super) fn peek(
        &mut self,
        query: &Query<'_>,
        requested_at: u64,
        now: u64,
        networks: &Networks,
    ) -> Outcome {
        let mut counted = Counted::NONE;
        let mut prepared = self.prepare(query, now, None);
        if count_new(&prepared) > 0 {
            (prepared, counted) = self.admit(query, now, networks, prepared);
        }
        self.commit(query, &prepared, now, false, counted, networks);
        outcome(query, &prepared, requested_at, now, false)
    }

    pub(super) fn refund(
        &mut self,
        query: &Query<'_>,
        now: u64,
        networks: &Networks,
        charged: &Outcome,
        then: u64,
    ) {
        for ((policy, id), state) in each(query).zip(&charged.states) {
            // A shadow policy may have denied the request, and has taken nothing in that case.
            if !state.is_denied()
                && let Some(cell) = self.charged(query, id, networks, charged.receipt)
                && !cell.is_spent(now)
            {
                *cell = policy.rule().refund(*cell, now, query.cost, then, Remaining::of(state));
            }
        }
    }

    pub(super) fn reset(&mut self, query: &Query<'_>, networks: &Networks) {
        for (_, id) in each(query) {
            if let Some(counted) = self.by_key.remove(own(query, id)) {
                networks.remove(counted);
            }
        }
    }

    /// Finds the cells of all policies. If the key has a cell for a policy, the policy continues with it. Other
    /// policies get a new cell or, with `shared`, one that the keys with these counts share.
    fn prepare(&self, query: &Query<'_>, now: u64, shared: Option<Counted>) -> AllPrepared {
        let prepare = |(policy, id): (&Policy, u128)| {
            let (location, before) = match (self.by_key.get(own(query, id)), shared) {
                (Some(cell), _) => (Location::Own, cell),
                (None, None) => (Location::New, Cell::default()),
                (None, Some(counted)) => self.find_shared(query, id, counted),
            };
            let settled = policy.rule().settle(before, now);
            let after = policy.rule().take(settled, now, query.cost);
            Prepared { location, is_settled: settled != before, before: settled, after }
        };
        each(query).map(prepare).collect()
    }

    /// Removes a few expired cells, and returns whether there were any.
    fn sweep(&mut self, now: u64, networks: &Networks) -> bool {
        let before = self.by_key.len();
        self.by_key.sweep(now, |counted| networks.remove(counted));
        self.by_key.len() < before
    }

    /// Returns new cells for the key, if there is room in the shard and its network does not hold too many, and the
    /// shared ones otherwise.
    fn admit(
        &self,
        query: &Query<'_>,
        now: u64,
        networks: &Networks,
        prepared: AllPrepared,
    ) -> (AllPrepared, Counted) {
        let (new, counted) = (count_new(&prepared), networks.of(query.key));
        if self.by_key.len() + new <= self.capacity && networks.admits(counted, new) {
            return (prepared, counted);
        }
        (self.prepare(query, now, Some(counted)), counted)
    }

    /// Writes the cells after the cost if it was taken. Writes settled cells in any case, since they determine how
    /// long clients have to wait.
    fn commit(
        &mut self,
        query: &Query<'_>,
        prepared: &[Prepared],
        now: u64,
        takes: bool,
        counted: Counted,
        networks: &Networks,
    ) {
        for ((_, id), prepared) in each(query).zip(prepared) {
            let cell = match prepared.after {
                Ok(after) if takes => after,
                _ if prepared.is_settled => prepared.before,
                _ => continue,
            };
            let key = match prepared.location {
                Location::Own | Location::New => {
                    if self.by_key.set(own(query, id), counted, cell) {
                        networks.add(counted);
                    }
                    continue;
                }
                Location::Shared => self.bucket(query, id, counted),
                Location::SharedByAll => id,
            };
            self.shared.sweep(now, |_| {});
            self.shared.set(key, Counted::NONE, cell);
        }
    }

    /// Returns the cell that a decision has charged, if it still exists.
    fn charged(
        &mut self,
        query: &Query<'_>,
        id: u128,
        networks: &Networks,
        receipt: Receipt,
    ) -> Option<&mut Cell> {
        if receipt == SHARED && self.by_key.get(own(query, id)).is_none() {
            let key = self.bucket(query, id, networks.of(query.key));
            let key = if self.shared.get(key).is_some() { key } else { id };
            return self.shared.get_mut(key);
        }
        self.by_key.get_mut(own(query, id))
    }

    /// Returns the cell that keys with these counts share, or that this key has if it has no network. If there are too
    /// many policies, a policy has a single cell for all keys.
    fn find_shared(&self, query: &Query<'_>, id: u128, counted: Counted) -> (Location, Cell) {
        if let Some(cell) = self.shared.get(self.bucket(query, id, counted)) {
            return (Location::Shared, cell);
        }
        if self.shared.len() < self.most_shared {
            return (Location::Shared, Cell::default());
        }
        (Location::SharedByAll, self.shared.get(id).unwrap_or_default())
    }

    fn bucket(&self, query: &Query<'_>, id: u128, counted: Counted) -> u128 {
        let number = counted.wide().map_or_else(|| (query.key.bits() >> 64) as usize, usize::from);
        let bucket = (number % self.buckets) as u128 + 1;
        id ^ bucket.wrapping_mul(SPREAD)
    }
}

/// An odd number that spreads small ones over all bits: 2^128 divided by the golden ratio.
const SPREAD: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

fn outcome(
    query: &Query<'_>,
    prepared: &[Prepared],
    requested_at: u64,
    now: u64,
    takes: bool,
) -> Outcome {
    let state = |(policy, prepared): (&Policy, &Prepared)| {
        let cell = prepared.after.ok().filter(|_| takes).unwrap_or(prepared.before);
        PolicyState::new(prepared.after.map(|_| ()), policy.rule().remaining(cell, now))
    };
    let states = query.policies.iter().zip(prepared).map(state).collect();
    let is_shared =
        |prepared: &Prepared| !matches!(prepared.location, Location::Own | Location::New);
    let is_shared = prepared.iter().any(is_shared);
    let (source, receipt) =
        if is_shared { (Source::OVERFLOW, SHARED) } else { (Source::MEMORY, Receipt::default()) };
    Outcome::new(states, source, decided_at(query, requested_at, now)).with_receipt(receipt)
}

/// Returns the time of a decision, which is later than that of the request if other requests have advanced the clock.
pub(super) fn decided_at(query: &Query<'_>, requested_at: u64, now: u64) -> Instant {
    if now == requested_at {
        query.now
    } else {
        query.now + Duration::from_nanos(now - requested_at)
    }
}

fn count_new(prepared: &[Prepared]) -> usize {
    prepared.iter().filter(|prepared| prepared.location == Location::New).count()
}

/// Returns the identifier of a key's own cell. Keys are random bits, so each policy of a key has a separate cell.
fn own(query: &Query<'_>, id: u128) -> u128 {
    query.key.bits() ^ id
}

fn each<'a>(query: &Query<'a>) -> impl Iterator<Item = (&'a Policy, u128)> {
    query.policies.iter().map(|policy| (policy, policy.id()))
}

#[cfg(test)]
mod tests;
