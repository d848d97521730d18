use std::time::Duration;

use tokio::time::{Instant, sleep};

const BETWEEN_TRIES: Duration = Duration::from_millis(2);

/// Waits until `condition` holds; says whether it did before `deadline` had passed.
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
#[must_use = "the condition may not have come true"]
pub async fn eventually(deadline: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + deadline;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        sleep(BETWEEN_TRIES).await;
    }
}
