use std::time::Duration;

use crate::{State, trip::Share};

/// The results of calls in the time window, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Counts {
    /// The successes.
    pub success: u64,
    /// The calls whose connection broke or whose response was truncated.
    pub transport: u64,
    /// The calls that did not reach the upstream, as when the connection was refused.
    pub not_processed: u64,
    /// The calls without a response in time.
    pub timeout: u64,
    /// The calls that the upstream answered with a failure.
    pub server: u64,
    /// The calls that the upstream rejected because it is overloaded.
    pub overload: u64,
    /// The calls that say nothing about the upstream. They count on neither side of a rate.
    pub ignored: u64,
}

impl Counts {
    /// Returns the number of failures of all classes.
    #[must_use]
    pub const fn failures(&self) -> u64 {
        self.transport + self.not_processed + self.timeout + self.server + self.overload
    }

    /// Returns the failures, and all calls.
    pub(crate) const fn share(&self) -> Share {
        Share { part: self.failures(), total: self.total() }
    }

    /// Returns the number of successes and failures.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.success + self.failures()
    }
}

/// The state of a breaker at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The state.
    pub state: State,
    /// Whether the breaker only reports, and rejects no call.
    pub shadow: bool,
    /// The results in the time window since the last transition.
    pub counts: Counts,
    /// The failures in a row since the last transition.
    pub consecutive_failures: u64,
    /// The results in the time window at the last opening; of a trial that failed, the results of its probes.
    pub cause: Option<Counts>,
    /// The number of times that the breaker has opened.
    pub openings: u64,
    /// The calls that were rejected; in shadow mode those that would have been.
    pub rejections: u64,
    /// The time since the breaker opened, while it is open or half-open.
    pub open_since: Option<Duration>,
    /// The time until the next probe is let through, while the breaker is open or half-open.
    pub next_probe: Option<Duration>,
}

/// A change of the state of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The number of the transition of this breaker. Of two transitions, the later one has the larger number.
    pub number: u64,
    /// The former state.
    pub from: State,
    /// The new state.
    pub to: State,
    /// The results in the time window that caused the transition.
    pub counts: Counts,
    /// The time until the next probe, if the breaker is open now.
    pub open_for: Option<Duration>,
}
