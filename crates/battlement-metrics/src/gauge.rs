use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use crate::shard;

/// A sharded count that goes up and down. One thread may subtract what another has added; only the sum is meaningful.
#[derive(Debug)]
pub(crate) struct Gauge(Box<[Shard]>);

/// A shard on cache lines of its own (two, since some processors fetch pairs).
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(AtomicI64);

impl Gauge {
    pub(crate) fn new(shards: usize) -> Self {
        Self(shard::shards(shards, Shard::default))
    }

    #[inline]
    pub(crate) fn add(&self, shard: usize, change: i64) {
        shard::at(&self.0, shard).0.fetch_add(change, Relaxed);
    }

    pub(crate) fn value(&self) -> i64 {
        self.0.iter().map(|shard| shard.0.load(Relaxed)).sum()
    }
}
