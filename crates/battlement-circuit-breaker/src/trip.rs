use std::time::Duration;

use crate::{open_for::nanos, snapshot::Counts, window::BUCKETS};

/// The conditions that open a breaker, combined with `or`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trip {
    pub(crate) rate: Option<FailureRate>,
    pub(crate) consecutive: Option<u32>,
}

/// A rate of failures that opens the breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FailureRate {
    pub(crate) share: f64,
    pub(crate) minimum: u32,
    pub(crate) window: Duration,
}

impl Trip {
    /// Returns whether the counts of the window or the failures in a row open the breaker.
    pub(crate) fn trips(&self, counts: &Counts, streak: u64) -> bool {
        let rate = self.rate.filter(|rate| counts.total() >= u64::from(rate.minimum));
        match (rate, self.consecutive) {
            (Some(rate), _) => counts.failures() as f64 >= rate.share * counts.total() as f64,
            (None, consecutive) => consecutive.is_some_and(|most| streak >= u64::from(most)),
        }
    }
}

impl Default for FailureRate {
    fn default() -> Self {
        Self { share: 0.5, minimum: 20, window: Duration::from_secs(10) }
    }
}

impl Default for Trip {
    /// Creates the default: half of at least 20 calls within 10 s, or 5 failures in a row while there are fewer calls.
    fn default() -> Self {
        Self { rate: Some(FailureRate::default()), consecutive: Some(5) }
    }
}

impl Trip {
    /// Returns the length of a bucket of the time window, in nanoseconds.
    pub(crate) fn step(&self) -> u64 {
        let window = self.rate.unwrap_or_default().window;
        (nanos(window) / BUCKETS).max(1)
    }
}
