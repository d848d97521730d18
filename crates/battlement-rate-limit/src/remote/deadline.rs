//! Waiting until a deadline, which is extended if this process itself was late.

use std::{pin::pin, time::Duration};

use tokio::time::{Instant, timeout_at};

/// The error of a future that was not ready by its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Late {
    /// Whether the timer fired on time, so that this process was not the cause.
    pub was_on_time: bool,
}

/// A timer that fires this late shows that the process lacked CPU time.
const TOLERANCE: Duration = Duration::from_millis(3);
/// The time by which the first timer fires before the deadline, to leave time for replies that arrived while the
/// process was late.
const GUARD: Duration = Duration::from_millis(2);

/// The largest number of extensions.
const EXTENSIONS: u32 = 8;

/// Returns the output of `future`, unless the deadline passes.
///
/// If the timer fires late, the process was also late to read replies. The deadline is then extended by the time the
/// timer was late, at most by `most`, and `extended` is called with the new deadline.
///
/// # Errors
///
/// Returns [`Late`] if the deadline passed before the future was ready.
pub async fn until<F: Future>(
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
        let was_on_time = late < TOLERANCE;
        if was_on_time && end >= deadline || extensions.next().is_none() {
            return Err(Late { was_on_time });
        }
        end = if was_on_time { deadline } else { deadline.max(now + late.min(most)) };
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
        assert_eq!(late, Err(Late { was_on_time: true }));
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
        assert_eq!(late, Err(Late { was_on_time: true }));
        // The timer was to fire after 48 ms, and fired 20 ms late.
        assert_eq!(began.elapsed(), stall + Duration::from_millis(20));
        assert_eq!(end.get(), Some(began + began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_goes_on_no_longer_than_it_may() {
        let began = Instant::now();
        let late = until(began + MOST, MOST, |_| {}, stalled(MOST * 20)).await;
        assert_eq!((late, began.elapsed()), (Err(Late { was_on_time: true }), MOST * 21));
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_is_late_again_and_again_ends_the_wait_at_last() {
        let late = until(Instant::now() + MOST, MOST, |_| {}, async {
            loop {
                stalled_once(MOST * 3).await;
            }
        });
        assert_eq!(late.await, Err::<(), _>(Late { was_on_time: false }));
    }
}
