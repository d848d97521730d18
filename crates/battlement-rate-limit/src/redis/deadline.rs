//! Waits no longer than until a deadline, but for the time that this process itself was late.

use std::{pin::pin, time::Duration};

use tokio::time::{Instant, timeout_at};

/// A wait ended without an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late {
    /// Whether the timer fired on time, so that the time is not to be blamed on this process.
    pub(super) is_fair: bool,
}

/// A timer that fires so late, or later, shows that the process lacked the processor.
const TOLERANCE: Duration = Duration::from_millis(3);
/// A timer fires so long before the deadline, to leave time for what arrived while the process was late.
const GUARD: Duration = Duration::from_millis(2);

/// A wait is put off no more often.
const EXTENSIONS: u32 = 8;

/// Returns the output of `future`, unless the deadline passes.
///
/// Where the timer fires late, the process was late as well to read what has arrived. Then the wait goes on for as
/// long as the timer was late, at most for `most`; `extended` learns when it ends.
pub(super) async fn until<F: Future>(
    deadline: Instant,
    most: Duration,
    extended: impl Fn(Instant),
    future: F,
) -> Result<F::Output, Late> {
    let mut future = pin!(future);
    let (mut end, mut extensions) = (deadline - GUARD.min(most / 8), 0..EXTENSIONS);
    loop {
        if let Ok(output) = timeout_at(end, future.as_mut()).await {
            return Ok(output);
        }
        let now = Instant::now();
        let late = now.saturating_duration_since(end);
        let is_fair = late < TOLERANCE;
        if is_fair && end >= deadline || extensions.next().is_none() {
            return Err(Late { is_fair });
        }
        end = if is_fair { deadline } else { deadline.max(now + late.min(most)) };
        extended(end);
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use tokio::time::{advance, sleep};

    use super::*;

    const MOST: Duration = Duration::from_millis(50);

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_the_deadline_where_the_process_is_on_time() {
        let began = Instant::now();
        let late = until(began + MOST, MOST, |_| {}, pending::<()>()).await;
        assert_eq!(late, Err(Late { is_fair: true }));
        assert_eq!(began.elapsed(), MOST);
        assert_eq!(until(Instant::now() + MOST, MOST, |_| {}, sleep(MOST / 2)).await, Ok(()));
    }

    /// Blocks the process for as long as `stall` takes.
    async fn stalled_once(stall: Duration) {
        tokio::spawn(advance(stall)).await.unwrap();
    }

    async fn stalled(stall: Duration) {
        stalled_once(stall).await;
        pending::<()>().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_goes_on_for_as_long_as_the_process_was_late() {
        let (began, end) = (Instant::now(), Cell::new(None));
        let stall = MOST + Duration::from_millis(18);
        let late = until(began + MOST, MOST, |at| end.set(Some(at)), stalled(stall)).await;
        assert_eq!(late, Err(Late { is_fair: true }));
        // The timer was to fire after 48 ms, and fired 20 ms late.
        assert_eq!(began.elapsed(), stall + Duration::from_millis(20));
        assert_eq!(end.get(), Some(began + began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_goes_on_no_longer_than_it_may() {
        let began = Instant::now();
        let late = until(began + MOST, MOST, |_| {}, stalled(MOST * 20)).await;
        assert_eq!((late, began.elapsed()), (Err(Late { is_fair: true }), MOST * 21));
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_late_again_and_again_ends_the_wait_at_last() {
        let late = until(Instant::now() + MOST, MOST, |_| {}, async {
            loop {
                stalled_once(MOST * 3).await;
            }
        });
        assert_eq!(late.await, Err::<(), _>(Late { is_fair: false }));
    }
}
