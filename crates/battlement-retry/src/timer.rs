use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::{
    task::coop::unconstrained,
    time::{Instant, Sleep, sleep_until},
};

pin_project! {
    /// A timer that is created when something first waits for it.
    #[derive(Debug)]
    pub(crate) struct Timer {
        #[pin]
        sleep: Option<Sleep>,
    }
}

impl Timer {
    pub(crate) const fn unset() -> Self {
        Self { sleep: None }
    }

    /// Waits for `time`, which may differ from the time of the previous wait.
    ///
    /// The timer does not take part in tokio's cooperative budget. Otherwise a task that exhausts its budget at each
    /// poll, such as one that also reads a channel that is never empty, would never end a wait.
    pub(crate) fn poll_until(
        self: Pin<&mut Self>,
        time: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut sleep = self.project().sleep;
        if sleep.is_none() {
            sleep.set(Some(sleep_until(time)));
        }
        let Some(mut sleep) = sleep.as_pin_mut() else { return Poll::Pending };
        if sleep.deadline() != time {
            sleep.as_mut().reset(time);
        }
        // The timer fires even if the work of this poll has used up the budget of its task.
        pin!(unconstrained(sleep)).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use tokio::task::coop::poll_proceed;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_timer_fires_in_a_task_whose_budget_is_exhausted() {
        let time = Instant::now() + Duration::from_secs(1);
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
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(poll().await.is_ready());
    }
}
