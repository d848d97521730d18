use std::{
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tokio::{
    task::coop::unconstrained,
    time::{Instant, Sleep, sleep_until},
};

pin_project! {
    /// A timer that is created when something first waits for it, and that follows a time that moves.
    ///
    /// Layers own it in their futures and bodies, where most calls end before anything waits. An unset timer costs
    /// neither a clock reading nor a registration with the runtime.
    ///
    /// # Example
    ///
    /// ```
    /// use std::{future::poll_fn, pin::pin, time::Duration};
    ///
    /// use battlement_core::Timer;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// let start = Instant::now();
    /// let mut timer = pin!(Timer::unset());
    /// poll_fn(|cx| timer.as_mut().poll_until(start + Duration::from_secs(1), cx)).await;
    /// assert_eq!(start.elapsed(), Duration::from_secs(1));
    /// # }
    /// ```
    #[derive(Debug)]
    pub struct Timer {
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Timer {
    /// Creates a timer that is not set.
    #[must_use]
    pub const fn unset() -> Self {
        Self { sleep: None }
    }

    /// Waits for `time`, which may differ at each poll. A timer that fires before a time that has moved on is set again.
    ///
    /// The timer does not take part in tokio's cooperative budget. Otherwise work that exhausts the budget at each poll,
    /// such as a loop over a channel that is never empty, would never expire.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with its timer enabled.
    #[inline]
    pub fn poll_until(self: Pin<&mut Self>, time: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let mut sleep = self.project().sleep;
        if sleep.is_none() {
            sleep.set(Some(sleep_until(time)));
        }
        let Some(mut sleep) = sleep.as_pin_mut() else { return Poll::Pending };
        if time < sleep.deadline() {
            sleep.as_mut().reset(time);
        }
        ready!(pin!(unconstrained(sleep.as_mut())).poll(cx));
        if time <= sleep.deadline() {
            return Poll::Ready(());
        }
        sleep.as_mut().reset(time);
        pin!(unconstrained(sleep)).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use tokio::task::coop::poll_proceed;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_timer_follows_a_time_that_moves_either_way() {
        let start = Instant::now();
        let mut timer = pin!(Timer::unset());
        let mut wait = async |first: u32, then: u32| {
            let mut times = [first].into_iter().chain(std::iter::repeat(then));
            poll_fn(|cx| timer.as_mut().poll_until(start + times.next().unwrap() * SECOND, cx))
                .await;
            start.elapsed()
        };
        assert_eq!(wait(1, 1).await, SECOND);
        assert_eq!(wait(2, 5).await, 5 * SECOND);
        assert_eq!(wait(9, 9).await, 9 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_moves_forward_is_waited_for_from_the_next_poll() {
        let start = Instant::now();
        let mut timer = pin!(Timer::unset());
        let late = start + 60 * SECOND;
        assert!(poll_fn(|cx| Poll::Ready(timer.as_mut().poll_until(late, cx))).await.is_pending());
        poll_fn(|cx| timer.as_mut().poll_until(start + SECOND, cx)).await;
        assert_eq!(start.elapsed(), SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_fires_in_a_task_whose_budget_is_exhausted() {
        let time = Instant::now() + SECOND;
        let mut timer = pin!(Timer::unset());
        let mut poll = async || {
            poll_fn(|cx| {
                while let Poll::Ready(step) = poll_proceed(cx) {
                    step.made_progress();
                }
                Poll::Ready(timer.as_mut().poll_until(time, cx))
            })
            .await
        };
        assert!(poll().await.is_pending());
        tokio::time::advance(SECOND).await;
        assert!(poll().await.is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_in_the_past_is_reached_at_once() {
        let mut timer = pin!(Timer::unset());
        let past = Instant::now();
        tokio::time::advance(SECOND).await;
        assert!(poll_fn(|cx| Poll::Ready(timer.as_mut().poll_until(past, cx))).await.is_ready());
    }
}
