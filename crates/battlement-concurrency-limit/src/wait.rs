use std::{
    pin::Pin,
    sync::Arc,
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
        waiting: Waiting,
        #[pin]
        timer: Timer,
        class: usize,
        since: Instant,
        shared: Arc<Shared>,
    }
}

impl Wait {
    pub(crate) const fn new(
        shared: Arc<Shared>,
        waiting: Waiting,
        class: usize,
        since: Instant,
    ) -> Self {
        Self { waiting, timer: Timer::unset(), class, since, shared }
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
        let now = Instant::now();
        Poll::Ready(match result {
            Ok(permit) => Ok(this.shared.granted(permit, *this.class, *this.since, now)),
            Err(reason) => Err(this.shared.reject_at(reason, *this.class, now)),
        })
    }
}
