//! The waits between attempts to accept.

use std::time::Duration;

/// Waits that double from 5 ms to 1 s while errors follow each other.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

const FIRST: Duration = Duration::from_millis(5);
const LAST: Duration = Duration::from_secs(1);

impl Backoff {
    /// Returns the wait after another error.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.failures.min(8)).min(LAST);
        self.failures = self.failures.saturating_add(1);
        wait
    }

    /// Begins anew after a success.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}
