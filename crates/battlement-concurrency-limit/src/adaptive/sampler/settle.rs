//! The times between a change of the limit and the window that judges it, all in nanoseconds.
//!
//! Shortly after a change, only the fastest of the calls that were admitted since have ended, and their mean is too low.

/// The latency above which the times below stay the same, so that a service that answers within minutes does not hold
/// its limit for as long.
const PACE: u64 = 2_000_000_000;

/// Returns the time after a change during which calls do not count, given the mean latency before.
pub(super) fn pause(latency: u64) -> u64 {
    3 * latency.min(PACE)
}

/// Returns the least length of a window, given the mean latency before.
pub(super) fn length(latency: u64) -> u64 {
    2 * latency.min(PACE)
}

/// Returns the least time between a change and the end of a window of the mean latency `latency`: that of the last two
/// together, for the case that latency rose.
pub(super) fn complete(latency: u64) -> u64 {
    pause(latency) + length(latency)
}
