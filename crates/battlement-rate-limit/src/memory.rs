//! The store in memory.

mod cells;
mod networks;
mod shard;
mod table;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use battlement_core::LogLimit;
use tokio::time::Instant;

use self::{networks::Networks, shard::Shard};
use crate::{Now, Outcome, Query, Source, Store, Usage};

/// The number of shards, such that two threads rarely need the same lock, and each shard has enough cells to sweep.
const SHARDS: usize = 64;
/// The default number of cells, each of which takes about 80 bytes in total.
const CAPACITY: usize = 250_000;

/// A bounded store in the memory of this process.
///
/// It holds one cell for each key and policy, in 64 shards with a lock each. Expired cells are removed while others
/// are added: there is no background task. Clones share the state.
///
/// # When keys do not fit
///
/// A cell in use is never removed, so an attacker with many keys resets no limit. A new key gets cells of its own as
/// long as
///
/// - its shard of the store has room, and
/// - its network, an IPv6 /32 or an IPv4 /16, holds no more cells than are free, and an IPv6 /48 no more than a
///   quarter of that. So one network takes at most half of the store, two take two thirds, and a /48 takes a fifth:
///   however many networks take as much as they can, there is room for clients of other networks.
///
/// Keys that contain an address ([`Key::client_ip`], [`Key::peer`], alone or with other parts) have a network. All
/// other keys have no network, and are bounded only by the room in the shard.
///
/// Other new keys share cells, so new clients of an attacker's network are limited together with the attacker: a
/// network shares up to 64 cells for each policy, and keys without a network share up to 7,800. Of other networks, an
/// attacker affects one in 4,095, which are counted together with its own, and one in 120 as long as the store is
/// full. A hash under a random key determines which ones.
///
/// The first decision by shared cells is logged; [`Memory::cells`] and [`Memory::overflows`] are for metrics.
///
/// [`Key::client_ip`]: crate::Key::client_ip
/// [`Key::peer`]: crate::Key::peer
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    created: Instant,
    shards: Box<[Shard; SHARDS]>,
    networks: Networks,
    capacity: usize,
    overflows: AtomicU64,
    first_overflow: LogLimit,
}

impl Memory {
    /// Creates a store of at most `cells`, and an eighth more for keys to share, rounded up for each of 64 shards. The
    /// default of the layer is 250,000, which take up to 20 MB.
    #[must_use]
    pub fn new(cells: usize) -> Self {
        let each = cells.div_ceil(SHARDS).max(1);
        let shards = Box::new(std::array::from_fn(|_| Shard::new(each)));
        let (networks, overflows) = (Networks::new(each * SHARDS), AtomicU64::new(0));
        Self(Arc::new(Inner {
            created: Instant::now(),
            shards,
            networks,
            capacity: cells,
            overflows,
            first_overflow: LogLimit::once(),
        }))
    }

    /// Returns the number of cells.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.0.shards.iter().map(Shard::len).sum()
    }

    /// Returns the number of decisions made by shared cells.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.0.overflows.load(Relaxed)
    }

    /// Charges the cost to all policies, if all of them allow it.
    #[must_use]
    #[inline(never)]
    pub fn acquire(&self, query: &Query<'_>) -> Outcome {
        let now = self.nanos(query.now);
        self.shard(query).acquire(query, now, &self.0.networks, || self.count_overflow())
    }

    /// Returns the decision that [`acquire`](Self::acquire) would make, without charging anything.
    #[must_use]
    pub fn peek(&self, query: &Query<'_>) -> Outcome {
        self.shard(query).peek(query, self.nanos(query.now), &self.0.networks)
    }

    /// Refunds the units that the decision `charged` has taken, except those that have been restored since.
    pub fn refund(&self, query: &Query<'_>, charged: &Outcome) {
        let (now, then) = (self.nanos(query.now), self.nanos(charged.at));
        self.shard(query).refund(query, now, &self.0.networks, charged, then);
    }

    /// Removes the state of the key under all of these policies.
    pub fn reset(&self, query: &Query<'_>) {
        self.shard(query).reset(query, &self.0.networks);
    }

    /// Counts a decision by shared cells, and logs the first.
    #[cold]
    fn count_overflow(&self) {
        self.0.overflows.fetch_add(1, Relaxed);
        if !self.0.first_overflow.is_spent() && self.0.first_overflow.admit().is_some() {
            tracing::warn!(
                capacity = self.0.capacity,
                cells = self.cells(),
                fix = "raise the capacity, or limit by a key of which clients cannot invent values",
                "rate limit store is full, or one network uses too much of it; new keys share cells; logged once",
            );
        }
    }

    /// Returns the shard that holds all cells of a key, so that one lock makes their change atomic.
    #[inline]
    fn shard(&self, query: &Query<'_>) -> &Shard {
        &self.0.shards[query.key.bits() as usize % SHARDS]
    }

    /// Returns the nanoseconds since the store was created; 584 years fit.
    #[inline]
    fn nanos(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.0.created);
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(CAPACITY)
    }
}

impl Store for Memory {
    type Answer<T: Send + 'static> = Now<T>;

    #[inline]
    fn acquire(&self, query: &Query<'_>) -> Now<Outcome> {
        Now(self.acquire(query))
    }

    fn peek(&self, query: &Query<'_>) -> Now<Outcome> {
        Now(self.peek(query))
    }

    fn refund(&self, query: &Query<'_>, charged: &Outcome) -> Now<()> {
        self.refund(query, charged);
        Now(())
    }

    fn reset(&self, query: &Query<'_>) -> Now<()> {
        self.reset(query);
        Now(())
    }

    fn sources(&self) -> &'static [Source] {
        &[Source::MEMORY, Source::OVERFLOW]
    }

    fn usage(&self) -> Usage {
        Usage { cells: self.cells(), overflows: self.overflows(), denials: None }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("cells", &self.cells())
            .field("overflows", &self.overflows())
            .finish_non_exhaustive()
    }
}
