use std::{
    sync::atomic::{
        AtomicBool, AtomicU32,
        Ordering::{AcqRel, Relaxed},
    },
    time::Duration,
};

/// The durations of recent attempts, as a histogram that forgets.
///
/// A duration is counted in a bucket that is at most an eighth wider than the duration. Once 2,048 durations are
/// counted, every bucket is halved, so that old ones fade. Without a lock; threads that count while the buckets are
/// halved lose nothing.
#[derive(Debug)]
pub(crate) struct Latencies {
    total: AtomicU32,
    is_fading: AtomicBool,
    buckets: Box<[AtomicU32]>,
}

/// The parts of each power of two.
const PARTS: u32 = 8;
/// The buckets: below 8 microseconds one each, then eight for each power of two up to 2³² microseconds, 71 minutes.
const BUCKETS: usize = 8 * 30;
/// The count at which all buckets are halved.
const MOST: u32 = 2_048;
/// The time that an attempt needs, before the layer has measured it.
const LEAST_TIME: Duration = Duration::from_millis(5);
/// The samples from which the measured time is used.
pub(crate) const LEAST_SAMPLES: u32 = 20;

impl Default for Latencies {
    fn default() -> Self {
        let buckets = std::iter::repeat_with(AtomicU32::default).take(BUCKETS).collect();
        Self { total: AtomicU32::new(0), is_fading: AtomicBool::new(false), buckets }
    }
}

impl Latencies {
    /// Counts a duration.
    pub(crate) fn record(&self, duration: Duration) {
        self.buckets[bucket(duration)].fetch_add(1, Relaxed);
        if self.total.fetch_add(1, Relaxed) + 1 >= MOST {
            self.fade();
        }
    }

    /// Returns the duration that the share `percent` of the attempts does not exceed, once there are `least` samples.
    pub(crate) fn percentile(&self, percent: u32, least: u32) -> Option<Duration> {
        let counts: [u32; BUCKETS] = std::array::from_fn(|index| self.buckets[index].load(Relaxed));
        let total: u64 = counts.iter().copied().map(u64::from).sum();
        if total < u64::from(least.max(1)) {
            return None;
        }
        let rank = (total * u64::from(percent)).div_ceil(100).max(1);
        let mut below = 0;
        let index = counts.iter().position(|count| {
            below += u64::from(*count);
            below >= rank
        });
        index.map(end)
    }

    /// Returns the time that an attempt needs: the median of the measured ones.
    pub(crate) fn needed(&self) -> Duration {
        self.percentile(50, LEAST_SAMPLES).unwrap_or(LEAST_TIME)
    }

    /// Halves the buckets until the count is below the most. One thread does so at a time, and counts again afterwards,
    /// since threads that record in the meantime leave it to that one.
    #[cold]
    fn fade(&self) {
        while self.total.load(Relaxed) >= MOST && !self.is_fading.swap(true, AcqRel) {
            self.halve();
            self.is_fading.swap(false, AcqRel);
        }
    }

    fn halve(&self) {
        let mut gone = 0;
        for bucket in &self.buckets {
            let half = bucket.load(Relaxed).div_ceil(2);
            bucket.fetch_sub(half, Relaxed);
            gone += half;
        }
        self.total.fetch_sub(gone, Relaxed);
    }
}

/// Returns the bucket of `duration`.
fn bucket(duration: Duration) -> usize {
    let micros = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    if micros < PARTS {
        return micros as usize;
    }
    let power = micros.ilog2();
    let part = (micros >> (power - 3)) - PARTS;
    ((power - 2) * PARTS + part) as usize
}

/// Returns the longest duration in the bucket `index`, which is less than [`BUCKETS`].
fn end(index: usize) -> Duration {
    let index = u64::try_from(index).unwrap_or(u64::MAX);
    let (group, part) = (index / u64::from(PARTS), index % u64::from(PARTS));
    let micros = match group {
        0 => part,
        _ => ((part + u64::from(PARTS) + 1) << (group - 1)) - 1,
    };
    Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn every_duration_is_in_a_bucket_that_is_at_most_an_eighth_too_long() {
        for micros in (0..5_000).chain([1 << 20, 999_999_999, u32::MAX - 1, u32::MAX]) {
            let duration = Duration::from_micros(micros.into());
            let end = end(bucket(duration));
            assert!(end >= duration && end <= duration + duration / 8, "{duration:?}: {end:?}");
        }
        assert_eq!(bucket(Duration::MAX), BUCKETS - 1);
    }

    #[test]
    fn a_percentile_needs_its_samples() {
        let latencies = Latencies::default();
        for millis in 1..=99 {
            latencies.record(millis * MILLISECOND);
        }
        assert_eq!(latencies.percentile(50, 100), None);
        latencies.record(100 * MILLISECOND);
        let of = |percent| latencies.percentile(percent, 100).unwrap();
        assert!((50..=57).contains(&of(50).as_millis()), "{:?}", of(50));
        assert!((99..=112).contains(&of(99).as_millis()), "{:?}", of(99));
        assert!(of(0) < 2 * MILLISECOND && of(100) >= 100 * MILLISECOND);
    }

    #[test]
    fn old_durations_fade() {
        let latencies = Latencies::default();
        for _ in 0..10_000 {
            latencies.record(100 * MILLISECOND);
        }
        for _ in 0..4_096 {
            latencies.record(MILLISECOND);
        }
        assert!(latencies.percentile(50, 100).unwrap() < 2 * MILLISECOND);
        assert!(latencies.total.load(Relaxed) < MOST);
    }

    #[test]
    fn durations_fade_also_if_many_were_counted_before_a_thread_halves_them() {
        let latencies = Latencies::default();
        latencies.is_fading.store(true, Relaxed);
        (0..10_000).for_each(|_| latencies.record(100 * MILLISECOND));
        assert_eq!(latencies.total.load(Relaxed), 10_000);
        latencies.is_fading.store(false, Relaxed);
        latencies.record(MILLISECOND);
        assert!(latencies.total.load(Relaxed) < MOST);
    }

    #[test]
    fn threads_lose_no_duration_but_by_fading() {
        let latencies = Latencies::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..50_000).for_each(|_| latencies.record(MILLISECOND)));
            }
        });
        let counted: u32 = latencies.buckets.iter().map(|count| count.load(Relaxed)).sum();
        assert_eq!(counted, latencies.total.load(Relaxed));
        assert!((MOST / 2..MOST).contains(&counted), "{counted}");
    }
}
