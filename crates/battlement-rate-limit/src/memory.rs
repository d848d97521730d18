//! The store in memory.

mod shard;
mod table;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use tokio::time::Instant;

use self::shard::Shard;
use crate::{Ask, Attempt, Kept, Moment, Never, Outcome, Source, Store, StoreError};

/// Enough that two threads seldom want the same one, few enough that each is worth sweeping.
const SHARDS: usize = 64;
/// Cells, of about 70 bytes each with all that belongs to them.
const CAPACITY: usize = 250_000;

/// State in the memory of this process, and never more of it than was said.
///
/// It holds one cell for each key and policy. A cell that has become as good as new is swept out as others
/// are used: there is no task behind it. It lies in 64 parts, each with a lock of its own. When one is full,
/// keys that are not in it share one cell for each policy there, and no key that is in it is ever thrown out:
/// an attacker who makes up keys can lock out newcomers, but reset nobody's limit. The first time is told in
/// the log; [`Memory::held`] and [`Memory::overflows`] tell for metrics.
///
/// A clone shares the state.
#[derive(Clone)]
pub struct Memory(Arc<Inner>);

struct Inner {
    began: Instant,
    shards: Box<[Shard; SHARDS]>,
    capacity: usize,
    overflows: AtomicU64,
}

impl Memory {
    /// A store of at most `cells`, or a few more where they do not share out evenly. Default: 250,000,
    /// which takes up to 18 MB.
    #[must_use]
    pub fn new(cells: usize) -> Self {
        let each = cells.div_ceil(SHARDS).max(1);
        let shards = Box::new(std::array::from_fn(|_| Shard::new(each)));
        let overflows = AtomicU64::new(0);
        Self(Arc::new(Inner { began: Instant::now(), shards, capacity: cells, overflows }))
    }

    /// How many cells it holds.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.shards.iter().map(Shard::held).sum()
    }

    /// How many decisions were made by a cell that keys share, because it was full.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.0.overflows.load(Relaxed)
    }

    /// Takes the cost from all policies, if all of them allow that.
    #[must_use]
    #[inline(never)]
    pub fn take(&self, ask: &Ask<'_>) -> Outcome {
        self.shard(ask).take(ask, self.nanos(ask.now), || self.count_overflow())
    }

    /// What [`take`](Self::take) would say.
    #[must_use]
    pub fn look(&self, ask: &Ask<'_>) -> Outcome {
        self.shard(ask).look(ask, self.nanos(ask.now))
    }

    /// Gives back what was taken when `charged` was decided, as far as it has not come back by itself.
    pub fn give_back(&self, ask: &Ask<'_>, charged: &Outcome) {
        self.shard(ask).give_back(ask, self.nanos(ask.now), charged, self.nanos(charged.at));
    }

    /// Forgets the key under all of these policies.
    pub fn forget(&self, ask: &Ask<'_>) {
        self.shard(ask).forget(ask);
    }

    /// And tells of the first.
    #[cold]
    fn count_overflow(&self) {
        if self.0.overflows.fetch_add(1, Relaxed) == 0 {
            tracing::warn!(
                capacity = self.0.capacity,
                fix = "raise the capacity, or limit by something of which clients cannot make up more",
                "the memory of a rate limit is full, and new keys share what is left; this is told once",
            );
        }
    }

    /// All cells of a key lie in one shard, so that one lock makes them change as one.
    #[inline]
    fn shard(&self, ask: &Ask<'_>) -> &Shard {
        &self.0.shards[ask.key.bits() as usize % SHARDS]
    }

    /// Nanoseconds since the store began; 584 years fit.
    #[inline]
    fn nanos(&self, now: Moment) -> u64 {
        let since = now.saturating_duration_since(self.0.began);
        since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(CAPACITY)
    }
}

impl Store for Memory {
    type Later<T: Send + 'static> = Never<Result<T, StoreError>>;

    #[inline]
    fn acquire(&self, ask: &Ask<'_>) -> Attempt<Outcome, Self::Later<Outcome>> {
        Attempt::Now(self.take(ask))
    }

    fn peek(&self, ask: &Ask<'_>) -> Attempt<Outcome, Self::Later<Outcome>> {
        Attempt::Now(self.look(ask))
    }

    fn refund(&self, ask: &Ask<'_>, charged: &Outcome) -> Attempt<(), Self::Later<()>> {
        self.give_back(ask, charged);
        Attempt::Now(())
    }

    fn reset(&self, ask: &Ask<'_>) -> Attempt<(), Self::Later<()>> {
        self.forget(ask);
        Attempt::Now(())
    }

    fn sources(&self) -> &'static [Source] {
        &[Source::Memory, Source::Overflow]
    }

    fn kept(&self) -> Kept {
        Kept { cells: self.held(), overflows: self.overflows(), denials: None }
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("held", &self.held())
            .field("overflows", &self.overflows())
            .finish_non_exhaustive()
    }
}
