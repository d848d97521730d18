use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::Timer;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use crate::{Overloaded, call::Call, limiter::Waiting, shared::Shared};

pin_project! {
    /// The wait of a call in the queue.
    ///
    /// Dropping the wait leaves the queue at once; a permit that was granted to it goes to the next call.
    pub(crate) struct Wait {
        waiting: Waiting<Shared>,
        #[pin]
        timer: Timer,
        class: usize,
        since: Instant,
    }
}

impl Wait {
    pub(crate) const fn new(waiting: Waiting<Shared>, class: usize, since: Instant) -> Self {
        Self { waiting, timer: Timer::unset(), class, since }
    }

    /// Waits for the permit. After the result, the wait is over and must be dropped.
    pub(crate) fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Call, Overloaded>> {
        let this = self.project();
        let result = match this.waiting.poll(cx) {
            Poll::Ready(result) => result,
            Poll::Pending => {
                ready!(this.timer.poll_until(this.waiting.until(), cx));
                Err(this.waiting.ends_with())
            }
        };
        let (shared, now) = (this.waiting.owner(), Instant::now());
        Poll::Ready(match result {
            Ok(permit) => Ok(shared.granted(permit, *this.class, *this.since, now)),
            Err(reason) => Err(shared.reject_at(reason, *this.class, now)),
        })
    }
}
