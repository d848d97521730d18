/// A count of one generation of a breaker in one slot of time, which fits one atomic word.
///
/// The generation has 12 bits, the slot 30 and the count 22. A word of zeros is an empty bucket of any generation and
/// slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    generation: u64,
    slot: u64,
    pub(super) count: u64,
}

pub(super) const GENERATION_BITS: u32 = 12;
const SLOT_BITS: u32 = 30;
const COUNT_BITS: u32 = 22;

/// The largest count of a bucket, at which it stays.
pub(super) const MOST: u64 = (1 << COUNT_BITS) - 1;

impl Bucket {
    pub(super) const fn new(generation: u64, slot: u64, count: u64) -> Self {
        Self { generation: low(generation, GENERATION_BITS), slot: low(slot, SLOT_BITS), count }
    }

    /// Returns the bucket with one more result of `generation` in `slot`, or `None` if it is not counted: the bucket
    /// is full, or belongs to a later generation. `buckets` is the size of the ring.
    pub(super) const fn add(self, generation: u64, slot: u64, buckets: u64) -> Option<Self> {
        let new = Self::new(generation, slot, 1);
        // A bucket of a later round has been taken by a thread whose clock is ahead of this one's.
        let is_near = self.age(slot) == 0 || self.lead(slot) <= buckets;
        if !is_near || self.count == 0 {
            return Some(new);
        }
        if self.generation != new.generation {
            return if self.is_later_than(generation) { None } else { Some(new) };
        }
        if self.count == MOST { None } else { Some(Self { count: self.count + 1, ..self }) }
    }

    /// Returns whether `word` is the bucket of `generation` and `slot`, and neither empty nor full: one more result is
    /// `word + 1`.
    #[inline]
    pub(super) const fn has_room(word: u64, generation: u64, slot: u64) -> bool {
        let empty = Self::new(generation, slot, 0).pack();
        // The difference is the count, or large if anything else differs.
        word.wrapping_sub(empty).wrapping_sub(1) < MOST - 1
    }

    /// Returns whether the bucket belongs to a generation after this one.
    const fn is_later_than(self, generation: u64) -> bool {
        let lead = low(self.generation.wrapping_sub(generation), GENERATION_BITS);
        lead != 0 && lead < 1 << (GENERATION_BITS - 1)
    }

    /// Returns whether the bucket belongs to `generation` and to the window of `buckets` slots that ends with `slot`,
    /// or to a slot after it, which another thread has begun.
    pub(super) const fn is_within(self, generation: u64, slot: u64, buckets: u64) -> bool {
        self.generation == low(generation, GENERATION_BITS)
            && (self.age(slot) < buckets || self.lead(slot) <= buckets)
    }

    /// Returns the slots by which this bucket is behind `slot`.
    const fn age(self, slot: u64) -> u64 {
        low(slot.wrapping_sub(self.slot), SLOT_BITS)
    }

    /// Returns the slots by which this bucket is ahead of `slot`.
    const fn lead(self, slot: u64) -> u64 {
        low(self.slot.wrapping_sub(slot), SLOT_BITS)
    }

    pub(super) const fn pack(self) -> u64 {
        self.generation << (SLOT_BITS + COUNT_BITS) | self.slot << COUNT_BITS | self.count
    }

    pub(super) const fn unpack(word: u64) -> Self {
        Self {
            generation: word >> (SLOT_BITS + COUNT_BITS),
            slot: low(word >> COUNT_BITS, SLOT_BITS),
            count: low(word, COUNT_BITS),
        }
    }
}

const fn low(value: u64, bits: u32) -> u64 {
    value & ((1 << bits) - 1)
}
