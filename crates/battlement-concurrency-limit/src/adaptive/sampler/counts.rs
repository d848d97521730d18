#[cfg(battlement_loom)]
use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
#[cfg(not(battlement_loom))]
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The bits of a sum, below those of a count: a million calls in a window.
const SUM: u32 = 44;
const MASK: u64 = (1 << SUM) - 1;

/// The bits by which latencies are shifted: their unit is 128 ns, and their sum at most 26 days.
const UNIT: u32 = 7;

/// The sums over the calls of a window.
///
/// A count and a sum are in one word, so that the mean is exact whenever a window ends. Only the two words may differ by
/// the calls that end at that moment.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// The number of answered calls, and the sum of their latencies.
    latencies: AtomicU64,
    /// The number of dropped calls, and the sum of the calls in flight that each call found.
    uses: AtomicU64,
    in_flight_max: AtomicUsize,
}

/// The sums of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) answered: u64,
    pub(super) dropped: u64,
    pub(super) latencies: u64,
    pub(super) in_flight: u64,
    pub(super) in_flight_max: usize,
}

impl Counts {
    /// Returns the number of calls that were answered.
    #[inline]
    pub(super) fn answers(&self) -> u64 {
        self.latencies.load(Ordering::Relaxed) >> SUM
    }

    /// Adds a call that was answered and counts for `weight` calls, and returns the number of calls with them.
    #[inline]
    pub(super) fn answered(&self, latency: u64, in_flight: u32, weight: u64) -> u64 {
        self.note_max(in_flight);
        let uses = self.uses.fetch_add(u64::from(in_flight) * weight, Ordering::AcqRel);
        let added = ((1 << SUM) + (latency >> UNIT)) * weight;
        let latencies = self.latencies.fetch_add(added, Ordering::AcqRel);
        (uses >> SUM) + (latencies >> SUM) + weight
    }

    /// Adds a call that was dropped, and returns the number of calls with it.
    pub(super) fn dropped(&self, in_flight: u32) -> u64 {
        self.note_max(in_flight);
        let added = (1 << SUM) + u64::from(in_flight);
        let uses = self.uses.fetch_add(added, Ordering::AcqRel);
        (uses >> SUM) + (self.latencies.load(Ordering::Acquire) >> SUM) + 1
    }

    /// Returns the sums so far.
    pub(super) fn peek(&self) -> Totals {
        let latencies = self.latencies.load(Ordering::Acquire);
        let uses = self.uses.load(Ordering::Acquire);
        Totals::new(latencies, uses, self.in_flight_max.load(Ordering::Relaxed))
    }

    /// Takes the sums, and sets them to 0.
    pub(super) fn take(&self) -> Totals {
        let latencies = self.latencies.swap(0, Ordering::AcqRel);
        let uses = self.uses.swap(0, Ordering::AcqRel);
        Totals::new(latencies, uses, self.in_flight_max.swap(0, Ordering::Relaxed))
    }

    /// Raises the maximum. A store is cheaper than a read-modify-write; of two calls at once, the smaller may win.
    #[inline]
    fn note_max(&self, in_flight: u32) {
        let in_flight = in_flight as usize;
        if self.in_flight_max.load(Ordering::Relaxed) < in_flight {
            self.in_flight_max.store(in_flight, Ordering::Relaxed);
        }
    }
}

impl Totals {
    fn new(latencies: u64, uses: u64, in_flight_max: usize) -> Self {
        Self {
            answered: latencies >> SUM,
            dropped: uses >> SUM,
            latencies: (latencies & MASK) << UNIT,
            in_flight: uses & MASK,
            in_flight_max,
        }
    }

    /// Returns the mean latency in nanoseconds, or 0 if no call was answered.
    pub(super) fn latency(&self) -> u64 {
        self.latencies.checked_div(self.answered).unwrap_or_default()
    }

    /// Returns the mean number of calls in flight, or 0 if there were no calls.
    pub(super) fn in_flight_mean(&self) -> f64 {
        self.in_flight as f64 / (self.answered + self.dropped).max(1) as f64
    }
}
