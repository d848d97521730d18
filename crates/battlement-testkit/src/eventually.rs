use std::time::Duration;

use tokio::time::{Instant, sleep};

const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Polls `condition` until it returns `true`; returns `false` if that does not happen within `deadline`.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # use std::{sync::atomic::{AtomicBool, Ordering}, time::Duration};
/// use battlement_testkit::eventually;
///
/// static DONE: AtomicBool = AtomicBool::new(false);
/// tokio::spawn(async { DONE.store(true, Ordering::Relaxed) });
/// assert!(eventually(Duration::from_secs(5), || DONE.load(Ordering::Relaxed)).await);
/// # }
/// ```
#[must_use = "the condition may not have been met before the deadline"]
pub async fn eventually(deadline: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + deadline;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        sleep(POLL_INTERVAL).await;
    }
}
