use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{
    exemplar::{Exemplar, Exemplars},
    shard,
};

/// The maximum number of bounds: with the `+Inf` bucket and the sum, a shard takes two cache lines.
pub(crate) const MAX_BOUNDS: usize = 14;

/// The unit in which carries of a 64-bit sum are counted.
const HALF: u64 = 1 << 63;

/// A sharded histogram of integers (nanoseconds, bytes).
#[derive(Debug)]
pub(crate) struct Histogram {
    shards: Box<[Shard]>,
    // Created when the sum of a shard first crosses 2^63, which is rare.
    crossings: OnceLock<Box<[AtomicU64]>>,
    // Created by the first sampled request.
    exemplars: OnceLock<Box<Exemplars>>,
}

#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    buckets: [AtomicU64; MAX_BOUNDS + 1],
    // The low 64 bits of the sum; `crossings` counts the multiples of 2^63 that it has crossed.
    sum: AtomicU64,
}

impl Histogram {
    pub(crate) fn new(shards: usize) -> Self {
        let shards = shard::shards(shards, Shard::default);
        Self { shards, crossings: OnceLock::new(), exemplars: OnceLock::new() }
    }

    /// Counts `value` in the bucket of the first of `bounds` that is not smaller, and returns the index of that
    /// bucket. A value above 2^63 - 1 adds 2^63 - 1 to the sum.
    #[inline]
    pub(crate) fn record(&self, shard: usize, bounds: &[u64], value: u64) -> usize {
        // Searches from the front, since most requests are fast.
        let bucket = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        let nth = shard & (self.shards.len() - 1);
        let shard = &self.shards[nth];
        shard.buckets[bucket].fetch_add(1, Relaxed);
        let value = value.min(HALF - 1);
        let before = shard.sum.fetch_add(value, Relaxed);
        if (before ^ before.wrapping_add(value)) & HALF != 0 {
            self.crossed(nth);
        }
        bucket
    }

    #[cold]
    fn crossed(&self, shard: usize) {
        let zeros = || self.shards.iter().map(|_| AtomicU64::new(0)).collect();
        self.crossings.get_or_init(zeros)[shard].fetch_add(1, Relaxed);
    }

    /// Returns the sum of one shard. After a value is added and before its crossing is counted, the highest bit of the
    /// sum and the lowest bit of the count differ, so the sum is correct at that moment as well.
    fn sum(&self, nth: usize) -> u128 {
        let crossings = self.crossings.get().map_or(0, |crossings| crossings[nth].load(Relaxed));
        let low = self.shards[nth].sum.load(Relaxed);
        let uncounted = (crossings ^ (low >> 63)) & 1;
        u128::from(crossings + uncounted) * u128::from(HALF) + u128::from(low & (HALF - 1))
    }

    /// Stores an exemplar of `bucket`.
    pub(crate) fn exemplar(&self, bucket: usize, make: impl FnOnce() -> Exemplar) {
        self.exemplars.get_or_init(Default::default).keep(bucket, make);
    }

    /// Returns the current counts. The count is the sum of the buckets, so that both always agree; the sum of values
    /// may differ by the observations that are being recorded.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        for (nth, shard) in self.shards.iter().enumerate() {
            for (total, bucket) in snapshot.buckets.iter_mut().zip(&shard.buckets) {
                *total += bucket.load(Relaxed);
            }
            snapshot.sum += self.sum(nth);
        }
        if let Some(exemplars) = self.exemplars.get() {
            snapshot.exemplars = exemplars.snapshot();
        }
        snapshot
    }
}

/// The counts of a histogram at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// The counts of the buckets, not cumulative.
    pub(crate) buckets: [u64; MAX_BOUNDS + 1],
    pub(crate) sum: u128,
    pub(crate) exemplars: [Option<Exemplar>; MAX_BOUNDS + 1],
}

impl Snapshot {
    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Adds the counts of another series that has the same labels on the page.
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn sums_do_not_wrap_whatever_is_added(
            values in prop::collection::vec(
                prop_oneof![any::<u64>(), Just(u64::MAX), Just(HALF - 1), Just(HALF), 0..10_u64],
                0..60,
            ),
        ) {
            let histogram = Histogram::new(2);
            for (nth, value) in values.iter().enumerate() {
                histogram.record(nth, &[1], *value);
                let added = values[..=nth].iter().map(|value| u128::from(*value.min(&(HALF - 1))));
                prop_assert_eq!(histogram.snapshot().sum, added.sum::<u128>());
            }
        }
    }

    #[test]
    fn a_sum_is_right_before_its_crossing_is_counted() {
        let histogram = Histogram::new(1);
        histogram.record(0, &[1], HALF - 1);
        // The same steps as `record`, up to the crossing.
        histogram.shards[0].sum.fetch_add(1, Relaxed);
        assert_eq!(histogram.snapshot().sum, u128::from(HALF));
        histogram.crossed(0);
        assert_eq!(histogram.snapshot().sum, u128::from(HALF));
    }

    #[test]
    fn the_streams_of_ten_thousand_clients_for_a_year_do_not_wrap_the_sum() {
        const DAY: u64 = 86_400 * 1_000_000_000;
        let histogram = Histogram::new(1);
        for _ in 0..365 * 10_000 {
            histogram.record(0, &[DAY], DAY);
        }
        assert_eq!(histogram.snapshot().sum, 3_650_000 * u128::from(DAY));
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
