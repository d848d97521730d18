use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;

/// The next attempt of an accept loop that cannot accept.
#[derive(Debug, Default)]
pub(super) struct Retry {
    backoff: Backoff,
    /// The time of the next attempt. It is kept here, since an accept loop drops its futures whenever a connection ends.
    at: Option<Instant>,
}

impl Retry {
    /// Waits until the next attempt is due.
    pub(super) async fn wait(&mut self) {
        if let Some(at) = self.at {
            sleep_until(at).await;
            self.at = None;
        }
    }

    /// Postpones the next attempt after an error, and returns for how long.
    pub(super) fn failed(&mut self) -> Duration {
        let wait = self.backoff.next();
        self.at = Some(Instant::now() + wait);
        wait
    }

    /// Lets the next attempt be made at once, since a connection has ended and its descriptor is free.
    pub(super) const fn now(&mut self) {
        self.at = None;
    }

    pub(super) const fn succeeded(&mut self) {
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_dropped_goes_on_where_it_was() {
        let mut retry = Retry::default();
        assert_eq!(retry.failed(), 5 * MILLISECOND);
        let start = Instant::now();
        for _ in 0..4 {
            assert!(timeout(MILLISECOND, retry.wait()).await.is_err());
        }
        retry.wait().await;
        assert_eq!(start.elapsed(), 5 * MILLISECOND);
        retry.wait().await;
        assert_eq!(start.elapsed(), 5 * MILLISECOND, "waited twice after one error");
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_ends_makes_the_next_attempt_due_and_keeps_the_backoff() {
        let mut retry = Retry::default();
        let start = Instant::now();
        retry.failed();
        retry.now();
        retry.wait().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(retry.failed(), 10 * MILLISECOND);
        retry.succeeded();
        assert_eq!(retry.failed(), 5 * MILLISECOND);
    }
}
