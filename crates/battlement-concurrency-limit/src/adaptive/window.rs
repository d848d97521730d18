use std::time::Duration;

/// The calls that ended within a period of at least 100 ms, and that were all admitted under the same limit.
///
/// A window ends with the first call after that period, if it is at least the tenth. Calls that were admitted before the last
/// change of the limit are left out, since they do not show the effect of that change. Calls that the layer itself
/// rejected, and calls whose caller left, are in no window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Window {
    /// The length of the window, at least 100 ms.
    pub length: Duration,
    /// The number of calls that were answered. From the 512th on, one call in eight is timed and counts for eight.
    pub samples: u64,
    /// The number of calls that timed out, or that the service rejected as overloaded.
    pub dropped: u64,
    /// The mean latency of the timed calls, to the head of the response. A call counts with at most eight times the
    /// mean latency of the window before.
    pub latency: Duration,
    /// The mean number of calls in flight, as the calls of the window found it when they were admitted, including
    /// themselves.
    pub in_flight_mean: f64,
    /// The largest number of calls in flight that a timed call of the window found.
    pub in_flight_max: usize,
    /// Whether a call was rejected or had to wait because the limit was in use.
    pub is_full: bool,
    /// The limit.
    pub limit: usize,
    /// The lowest limit that the layer applies.
    pub minimum: usize,
    /// The highest limit that the layer applies.
    pub maximum: usize,
}

impl Window {
    /// Returns the mean latency in seconds, which is positive.
    pub(crate) fn seconds(&self) -> f64 {
        self.latency.as_secs_f64().max(1e-9)
    }

    /// Returns whether at least half of the limit was in use.
    pub(crate) const fn is_in_use(&self) -> bool {
        self.in_flight_max * 2 >= self.limit
    }
}
