#[cfg(battlement_loom)]
use loom::sync::atomic::AtomicU64;
#[cfg(not(battlement_loom))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

/// The buckets of a window.
#[cfg(not(battlement_loom))]
pub(crate) const BUCKETS: u64 = 10;
#[cfg(battlement_loom)]
pub(crate) const BUCKETS: u64 = 2;

const GENERATION_BITS: u32 = 8;
const SLOT_BITS: u32 = 32;
const COUNT_BITS: u32 = 24;

/// The largest count of a bucket, at which it stays.
pub(super) const MOST: u64 = (1 << COUNT_BITS) - 1;

/// The counts of one class in a ring of buckets.
///
/// A bucket is one atomic word: the generation of the breaker (8 bits), the slot of time (32 bits) and the count (24
/// bits). A count of a new slot or generation replaces an old one in one atomic step, so none is lost.
#[derive(Debug, Default)]
pub(super) struct Counter {
    buckets: [AtomicU64; BUCKETS as usize],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    generation: u64,
    slot: u64,
    count: u64,
}

impl Counter {
    /// Counts a result of `generation` in the bucket of `slot`; one of an older generation than the bucket's is ignored.
    pub(super) fn add(&self, generation: u64, slot: u64) {
        // A remainder of less than the number of buckets.
        let bucket = &self.buckets[usize::try_from(slot % BUCKETS).unwrap_or_default()];
        let mut word = bucket.load(Relaxed);
        while let Some(new) = Bucket::unpack(word).add(generation, slot) {
            match bucket.compare_exchange_weak(word, new.pack(), Relaxed, Relaxed) {
                Ok(_) => return,
                Err(other) => word = other,
            }
        }
    }

    /// Returns the sum of the buckets of `generation` in the window that ends with `slot`.
    pub(super) fn sum(&self, generation: u64, slot: u64) -> u64 {
        let buckets = self.buckets.iter().map(|bucket| Bucket::unpack(bucket.load(Relaxed)));
        buckets.filter(|bucket| bucket.is_within(generation, slot)).map(|bucket| bucket.count).sum()
    }
}

impl Bucket {
    /// Returns the bucket with one more result, or `None` if the result is not counted.
    fn add(self, generation: u64, slot: u64) -> Option<Self> {
        let (generation, slot) = (low(generation, GENERATION_BITS), low(slot, SLOT_BITS));
        if generation == self.generation && self.lead(slot) < u64::from(u32::MAX / 2) {
            // The bucket is that of the slot, or that of a later round if this thread's clock lags behind another's.
            return (self.count < MOST).then_some(Self { count: self.count + 1, ..self });
        }
        let is_older = low(generation.wrapping_sub(self.generation), GENERATION_BITS)
            > 1 << (GENERATION_BITS - 1);
        (!is_older).then_some(Self { generation, slot, count: 1 })
    }

    /// Returns the slots by which this bucket is ahead of `slot`.
    const fn lead(self, slot: u64) -> u64 {
        low(self.slot.wrapping_sub(slot), SLOT_BITS)
    }

    fn is_within(self, generation: u64, slot: u64) -> bool {
        let age = low(slot.wrapping_sub(self.slot), SLOT_BITS);
        let is_recent = age < BUCKETS || self.lead(slot) < BUCKETS;
        self.generation == low(generation, GENERATION_BITS) && is_recent
    }

    const fn pack(self) -> u64 {
        self.generation << (SLOT_BITS + COUNT_BITS) | self.slot << COUNT_BITS | self.count
    }

    const fn unpack(word: u64) -> Self {
        Self {
            generation: word >> (SLOT_BITS + COUNT_BITS),
            slot: low(word >> COUNT_BITS, SLOT_BITS),
            count: word & MOST,
        }
    }
}

const fn low(value: u64, bits: u32) -> u64 {
    value & ((1 << bits) - 1)
}
