use std::{future::pending, time::Duration};

use battlement_core::spread;
use tokio::time::{Instant, sleep_until};

/// The shortest and the longest backoff between two probes of unavailable groups. A wait takes half of the backoff, and
/// up to as much as the backoff in addition. The backoff grows with the outage, to about a fifth of its length.
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);
const GROWTH: f64 = 1.25;

/// An exponential backoff with jitter. A wait that is interrupted continues the next time, so that frequent
/// interruptions do not postpone its end.
#[derive(Default)]
pub(super) struct Backoff {
    passed: i32,
    until: Option<Instant>,
}

impl Backoff {
    pub(super) async fn wait_if(&mut self, passes: bool) {
        if passes { self.wait().await } else { pending().await }
    }

    async fn wait(&mut self) {
        let until = *self.until.get_or_insert_with(|| {
            let backoff = MIN_BACKOFF.mul_f64(GROWTH.powi(self.passed.min(30))).min(MAX_BACKOFF);
            Instant::now() + spread(backoff / 2, backoff)
        });
        sleep_until(until).await;
        (self.passed, self.until) = (self.passed.saturating_add(1), None);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn unavailable_nodes_are_probed_however_often_other_nodes_fail() {
        let (mut backoff, began) = (Backoff::default(), Instant::now());
        let others = Duration::from_millis(10);
        let mut interruptions = 0;
        while timeout(others, backoff.wait()).await.is_err() {
            interruptions += 1;
            assert!(interruptions < 100, "the wait never ends");
        }
        assert!((MIN_BACKOFF / 2..MIN_BACKOFF * 2).contains(&began.elapsed()));
    }
}
