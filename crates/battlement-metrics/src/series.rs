use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use battlement_core::LogLimit;

use crate::{
    exemplar::Exemplar,
    histogram::{Histogram, MAX_BOUNDS, Snapshot},
    key::Key,
    slots::Slots,
};

/// The histograms of one metric, one for each [`Key`], up to a limit.
#[derive(Debug)]
pub(crate) struct Series {
    /// The name on the page.
    name: Cow<'static, str>,
    bounds: Box<[u64]>,
    shards: usize,
    slots: Slots<One>,
    rest: Histogram,
    overflowed: AtomicU64,
    warned: LogLimit,
}

/// The bucket in which a value was recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded<'a> {
    histogram: &'a Histogram,
    bucket: usize,
}

impl Recorded<'_> {
    /// Stores an exemplar of the bucket.
    pub(crate) fn exemplar(self, make: impl FnOnce() -> Exemplar) {
        self.histogram.exemplar(self.bucket, make);
    }
}

#[derive(Debug)]
struct One {
    key: Key,
    histogram: Histogram,
}

impl Series {
    pub(crate) fn new(name: Cow<'static, str>, bounds: &[u64], max: usize, shards: usize) -> Self {
        Self {
            name,
            bounds: bounds.iter().copied().take(MAX_BOUNDS).collect(),
            shards,
            slots: Slots::new(max),
            rest: Histogram::new(shards),
            overflowed: AtomicU64::new(0),
            warned: LogLimit::once(),
        }
    }

    /// Records `value` in the series of `key`, and returns the bucket, for an exemplar.
    #[inline]
    pub(crate) fn record(&self, shard: usize, key: Key, value: u64) -> Recorded<'_> {
        let histogram = self.of(key).unwrap_or_else(|| self.rest());
        Recorded { histogram, bucket: histogram.record(shard, &self.bounds, value) }
    }

    /// Creates the series of `key` with all counts at 0, unless the limit is reached.
    pub(crate) fn create(&self, key: Key) {
        let _ = self.of(key);
    }

    #[inline]
    fn of(&self, key: Key) -> Option<&Histogram> {
        let packed = key.packed();
        match self.slots.find(packed, |one| one.key.packed() == packed) {
            Some((_, one)) => Some(&one.histogram),
            None => self.insert(key),
        }
    }

    /// Inserts the series of `key`, unless the limit is reached or a name of the key exceeded its own limit.
    #[cold]
    fn insert(&self, key: Key) -> Option<&Histogram> {
        if key.is_overflow() {
            return None;
        }
        let packed = key.packed();
        let make = || One { key, histogram: Histogram::new(self.shards) };
        let inserted = self.slots.get_or_insert(packed, |one| one.key.packed() == packed, make);
        inserted.map(|(_, one)| &one.histogram)
    }

    #[cold]
    fn rest(&self) -> &Histogram {
        self.overflowed.fetch_add(1, Relaxed);
        if self.warned.admit().is_some() {
            let metric = &*self.name;
            tracing::warn!(
                metric,
                "series limit reached; new label sets are recorded in the overflow series"
            );
        }
        &self.rest
    }

    pub(crate) fn name(&self) -> &Cow<'static, str> {
        &self.name
    }

    pub(crate) fn bounds(&self) -> &[u64] {
        &self.bounds
    }

    pub(crate) fn is_used(&self) -> bool {
        self.slots.len() > 0
    }

    /// Returns the number of observations in the overflow series.
    pub(crate) fn overflowed(&self) -> u64 {
        self.overflowed.load(Relaxed)
    }

    /// Returns all series, the overflow series last if it is in use.
    pub(crate) fn snapshot(&self) -> impl Iterator<Item = (Key, Snapshot)> {
        let rest = (self.overflowed() > 0).then(|| (Key::OVERFLOW, self.rest.snapshot()));
        self.slots.iter().map(|one| (one.key, one.histogram.snapshot())).chain(rest)
    }
}
