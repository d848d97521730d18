use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{
    exemplar::{Exemplar, Exemplars},
    shard,
};

/// The most bounds a histogram may have: with the bucket of the rest and the sum, two cache lines a shard.
pub(crate) const MAX_BOUNDS: usize = 14;

/// Observations of whole numbers (nanoseconds, bytes) in buckets, in shards.
#[derive(Debug)]
pub(crate) struct Histogram {
    shards: Box<[Shard]>,
    // Made with the first request that is sampled.
    exemplars: OnceLock<Box<Exemplars>>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    buckets: [AtomicU64; MAX_BOUNDS + 1],
    // Wraps after centuries of observed time, which a reader takes for a restart.
    sum: AtomicU64,
}

impl Histogram {
    pub(crate) fn new(shards: usize) -> Self {
        Self { shards: shard::shards(shards, Shard::default), exemplars: OnceLock::new() }
    }

    /// Counts `value` into the bucket of the first of `bounds` that is no smaller; says which that is.
    #[inline]
    pub(crate) fn record(&self, shard: usize, bounds: &[u64], value: u64) -> usize {
        // From the front: most requests are fast.
        let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        let shard = shard::at(&self.shards, shard);
        shard.buckets[bucket].fetch_add(1, Relaxed);
        shard.sum.fetch_add(value, Relaxed);
        bucket
    }

    /// Keeps an example of what was counted into `bucket`.
    pub(crate) fn exemplar(&self, bucket: usize, make: impl FnOnce() -> Exemplar) {
        self.exemplars.get_or_init(Default::default).keep(bucket, make);
    }

    /// What was counted so far. The count is the buckets' sum, so that the two always agree; the sum of
    /// values may lack, or be ahead by, what is being counted this moment.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for shard in &self.shards {
            for (total, bucket) in snapshot.buckets.iter_mut().zip(&shard.buckets) {
                *total += bucket.load(Relaxed);
            }
            snapshot.sum += u128::from(shard.sum.load(Relaxed));
        }
        if let Some(exemplars) = self.exemplars.get() {
            snapshot.exemplars = exemplars.snapshot();
        }
        snapshot
    }
}

/// What a histogram has counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// Not cumulative.
    pub(crate) buckets: [u64; MAX_BOUNDS + 1],
    pub(crate) sum: u128,
    pub(crate) exemplars: [Option<Exemplar>; MAX_BOUNDS + 1],
}

impl Snapshot {
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Adds what another series has counted, where both are one under the labels that are written.
    pub(crate) fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine += theirs;
        }
        self.sum += other.sum;
        for (mine, theirs) in self.exemplars.iter_mut().zip(other.exemplars) {
            *mine = mine.take().or(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_a_bound_is_in_the_bucket_of_that_bound() {
        let histogram = Histogram::new(2);
        for (value, bucket) in [(0, 0), (10, 0), (11, 1), (20, 1), (21, 2), (u64::MAX / 2, 2)] {
            assert_eq!(histogram.record(1, &[10, 20], value), bucket, "{value}");
        }
        let snapshot = histogram.snapshot();
        assert_eq!((&snapshot.buckets[..3], snapshot.count()), (&[2, 2, 2][..], 6));
        assert_eq!(snapshot.sum, 10 + 11 + 20 + 21 + u128::from(u64::MAX / 2));
    }

    #[test]
    fn threads_lose_nothing() {
        let histogram = Histogram::new(4);
        std::thread::scope(|scope| {
            for shard in 0..8 {
                let histogram = &histogram;
                scope.spawn(move || {
                    for value in 0..10_000 {
                        histogram.record(shard, &[5_000], value);
                    }
                });
            }
        });
        assert_eq!(histogram.snapshot().count(), 80_000);
        assert_eq!(histogram.snapshot().sum, 8 * (0..10_000).sum::<u128>());
    }
}
