use std::time::Duration;

use tokio::time::Instant;

/// The time at which a client began, and since which its times are measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoch(Instant);

impl Epoch {
    /// Creates the epoch of a client that begins now.
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the epoch.
    pub(crate) fn elapsed(self) -> Duration {
        self.since(Instant::now())
    }

    /// Returns the time from the epoch to `at`.
    pub(crate) fn since(self, at: Instant) -> Duration {
        at.saturating_duration_since(self.0)
    }

    /// Returns the instant that is later than the epoch by `since`.
    pub(crate) fn instant(self, since: Duration) -> Instant {
        self.0 + since
    }
}
