use super::counter::Counter;
use crate::trip::Share;

/// The slow and the other calls of a sliding time window.
#[derive(Debug, Default)]
pub(crate) struct SlowWindow {
    slow: Counter,
    fast: Counter,
}

impl SlowWindow {
    /// Counts a call of `generation` in the bucket of `slot`.
    #[inline]
    pub(crate) fn record(&self, is_slow: bool, generation: u64, slot: u64) {
        let counter = if is_slow { &self.slow } else { &self.fast };
        counter.add(generation, slot);
    }

    /// Returns the slow calls, and all, in the window that ends with the bucket of `slot`.
    pub(crate) fn share(&self, generation: u64, slot: u64) -> Share {
        let part = self.slow.sum(generation, slot);
        Share { part, total: part + self.fast.sum(generation, slot) }
    }
}
