#[cfg(battlement_loom)]
use loom::sync::atomic::AtomicU64;
#[cfg(not(battlement_loom))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use super::bucket::Bucket;

/// The buckets of a window.
#[cfg(not(battlement_loom))]
pub(crate) const BUCKETS: u64 = 10;
#[cfg(battlement_loom)]
pub(crate) const BUCKETS: u64 = 2;

/// The buckets that are kept: a power of two, no less than those of a window.
const RING: usize = if BUCKETS > 2 { 16 } else { 2 };

/// The counts of one class in a ring of buckets.
///
/// The first result of a slot replaces the bucket of 16 slots before in one atomic step, and every further one replaces
/// the bucket by one that is larger by one: no count is lost at the turn, and none of an earlier generation is added.
#[derive(Debug, Default)]
pub(super) struct Counter {
    buckets: [AtomicU64; RING],
}

impl Counter {
    /// Counts a result of `generation` in the bucket of `slot`.
    #[inline]
    pub(super) fn add(&self, generation: u64, slot: u64) {
        let bucket = &self.buckets[slot as usize % RING];
        let word = bucket.load(Acquire);
        let has_room = Bucket::has_room(word, generation, slot);
        if !has_room || bucket.compare_exchange_weak(word, word + 1, AcqRel, Acquire).is_err() {
            Self::add_slowly(bucket, generation, slot);
        }
    }

    /// Counts a result in a bucket that must be turned, or that another thread has changed.
    #[cold]
    fn add_slowly(bucket: &AtomicU64, generation: u64, slot: u64) {
        let mut word = bucket.load(Acquire);
        while let Some(new) = Bucket::unpack(word).add(generation, slot, RING as u64) {
            match bucket.compare_exchange_weak(word, new.pack(), AcqRel, Acquire) {
                Ok(_) => return,
                Err(other) => word = other,
            }
        }
    }

    /// Returns the sum of the buckets of `generation` in the window that ends with `slot`.
    pub(super) fn sum(&self, generation: u64, slot: u64) -> u64 {
        let buckets = self.buckets.iter().map(|bucket| Bucket::unpack(bucket.load(Acquire)));
        let within = buckets.filter(|bucket| bucket.is_within(generation, slot, BUCKETS));
        within.map(|bucket| bucket.count).sum()
    }
}
