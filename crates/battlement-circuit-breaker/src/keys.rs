//! The states of a layer by key.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher as _, BuildHasherDefault, Hasher},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use foldhash::fast::RandomState;

use crate::{State, breaker::Breaker, desk::Desk};

#[cfg(feature = "http")]
mod key;

#[cfg(feature = "http")]
pub use self::key::Key;

/// The time without a call after which a key is removed, in nanoseconds: 10 minutes.
const IDLE: u64 = 600 * SECOND;
/// The time between two searches for idle keys, unless the table is full.
const SWEEP: u64 = 60 * SECOND;
const SECOND: u64 = 1_000_000_000;

/// The number of locks, a power of two. A call takes one of them, to read.
const SHARDS: usize = 16;

/// The breakers of keys, by the hash of the key under a random seed.
pub(crate) struct Keys {
    shards: [RwLock<Shard>; SHARDS],
    random: RandomState,
    /// The time of the last search for idle keys.
    swept: AtomicU64,
}

type Shard = HashMap<u64, Entry, BuildHasherDefault<Identity>>;

struct Entry {
    key: Box<str>,
    breaker: Arc<Breaker>,
    /// The time of the last call.
    used: AtomicU64,
}

/// The result of an insertion.
pub(crate) enum Inserted {
    /// The key has this new breaker.
    New(Arc<Breaker>),
    /// The key has had this breaker before.
    Found(Arc<Breaker>),
    /// There are as many keys as there may be.
    Full,
}

impl Entry {
    /// Returns whether the key has had no call for a while, has none in flight, and neither rejects calls nor is forced
    /// closed.
    fn is_idle(&self, tick: u64) -> bool {
        tick.saturating_sub(self.used.load(Relaxed)) >= IDLE
            // A call in flight has the breaker, and so has a handle.
            && Arc::strong_count(&self.breaker) == 1
            && !self.breaker.rejects_at(tick)
            && self.breaker.state() != State::ForcedClosed
    }
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self {
            shards: Default::default(),
            random: RandomState::default(),
            swept: AtomicU64::new(0),
        }
    }

    /// Returns the breaker of `key`, and notes its use.
    #[inline(always)]
    pub(crate) fn find(&self, key: &str, tick: u64) -> Option<Arc<Breaker>> {
        let hash = self.hash(key);
        let shard = read(self.shard(hash));
        let entry = shard.get(&hash).filter(|entry| *entry.key == *key)?;
        entry.used.store(tick, Relaxed);
        Some(Arc::clone(&entry.breaker))
    }

    /// Inserts the breaker of a new key.
    #[cold]
    pub(crate) fn insert(
        &self,
        key: &str,
        tick: u64,
        most: usize,
        desk: &Desk,
        make: impl FnOnce() -> Arc<Breaker>,
    ) -> Inserted {
        let since = tick.saturating_sub(self.swept.load(Relaxed));
        if since >= SWEEP || (since >= SECOND && desk.keys() >= most) {
            self.sweep(tick, desk);
        }
        if !desk.reserve(most) {
            return self.find(key, tick).map_or(Inserted::Full, Inserted::Found);
        }
        let hash = self.hash(key);
        let mut shard = write(self.shard(hash));
        // Another thread has inserted the key since the search, or another key has the same hash.
        if let Some(entry) = shard.get(&hash) {
            desk.give_back();
            return match *entry.key == *key {
                true => Inserted::Found(Arc::clone(&entry.breaker)),
                false => Inserted::Full,
            };
        }
        let (breaker, used) = (make(), AtomicU64::new(tick));
        shard.insert(hash, Entry { key: key.into(), breaker: Arc::clone(&breaker), used });
        Inserted::New(breaker)
    }

    /// Removes idle keys. The observer is called outside of the locks, since it may read the handle.
    pub(crate) fn sweep(&self, tick: u64, desk: &Desk) {
        self.swept.store(tick, Relaxed);
        for shard in &self.shards {
            let idle: Vec<_> = write(shard)
                .extract_if(|_, entry| entry.is_idle(tick))
                .map(|(_, entry)| entry)
                .collect();
            idle.iter().for_each(|entry| desk.removed(entry.breaker.state()));
        }
    }

    /// Returns all keys with their breakers.
    pub(crate) fn all(&self) -> Vec<(Box<str>, Arc<Breaker>)> {
        let shards = self.shards.iter().map(read);
        let entries = |shard: RwLockReadGuard<'_, Shard>| {
            let entries = shard.values();
            entries.map(|entry| (entry.key.clone(), Arc::clone(&entry.breaker))).collect::<Vec<_>>()
        };
        shards.flat_map(entries).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }

    #[inline]
    fn hash(&self, key: &str) -> u64 {
        self.random.hash_one(key)
    }

    #[inline]
    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        // The middle bits: a map uses the others. The remainder is the index of a shard.
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// A hasher of values that are hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}
