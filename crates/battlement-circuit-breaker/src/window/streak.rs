#[cfg(battlement_loom)]
use loom::sync::atomic::AtomicU64;
#[cfg(not(battlement_loom))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{AcqRel, Acquire};

use super::bucket::{Bucket, GENERATION_BITS};

/// The failures in a row of one generation.
#[derive(Debug, Default)]
pub(crate) struct Streak {
    word: AtomicU64,
}

impl Streak {
    /// Counts a failure, and returns the failures in a row with it.
    pub(crate) fn fail(&self, generation: u64) -> u64 {
        let mut word = self.word.load(Acquire);
        while let Some(new) = Bucket::unpack(word).add(generation, round(generation), 1) {
            match self.word.compare_exchange_weak(word, new.pack(), AcqRel, Acquire) {
                Ok(_) => return new.count,
                Err(other) => word = other,
            }
        }
        self.count(generation)
    }

    /// Ends the row. While there is none, this is a load.
    #[inline]
    pub(crate) fn end(&self, generation: u64) {
        let word = self.word.load(Acquire);
        if word != 0 {
            self.clear(word, generation);
        }
    }

    #[cold]
    fn clear(&self, mut word: u64, generation: u64) {
        // An empty row is a word of zeros.
        while word != 0 && Bucket::unpack(word).is_within(generation, round(generation), 1) {
            match self.word.compare_exchange_weak(word, 0, AcqRel, Acquire) {
                Ok(_) => return,
                Err(other) => word = other,
            }
        }
    }

    /// Returns the failures in a row.
    pub(crate) fn count(&self, generation: u64) -> u64 {
        let bucket = Bucket::unpack(self.word.load(Acquire));
        if bucket.is_within(generation, round(generation), 1) { bucket.count } else { 0 }
    }
}

/// Returns the upper bits of a generation, which stand in the slot of a row, since a row has no time. Of the generations
/// with the same upper bits, the lower bits tell which is the later one.
const fn round(generation: u64) -> u64 {
    generation >> (GENERATION_BITS - 1)
}
