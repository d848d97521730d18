use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::Reject;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::countdown::Countdown;
use crate::{Elapsed, timer::Timer};

pin_project! {
    /// The future of a [`Timeout`](crate::Timeout) or [`CallDeadline`](crate::CallDeadline).
    #[must_use = "futures do nothing unless polled"]
    pub struct TimeoutFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        // `None` if the call was not made, and once it was dropped.
        #[pin]
        inner: Option<S::Future>,
        #[pin]
        timer: Timer,
        // `None` if the layer is disabled.
        countdown: Option<Countdown>,
        // Boxed, since a rejection is rare and every call moves the future.
        rejected: Option<Box<Elapsed>>,
        caller: Option<A::Caller>,
    }
}

impl<S, Req, A> TimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    #[inline]
    pub(crate) fn new(
        inner: S::Future,
        countdown: Option<Countdown>,
        caller: Option<A::Caller>,
    ) -> Self {
        Self { inner: Some(inner), timer: Timer::unset(), countdown, rejected: None, caller }
    }

    /// Creates the future of a call that is not made.
    pub(crate) fn rejected(elapsed: Elapsed, caller: A::Caller) -> Self {
        let (timer, rejected) = (Timer::unset(), Some(Box::new(elapsed)));
        Self { inner: None, timer, countdown: None, rejected, caller: Some(caller) }
    }
}

impl<S, Req, A> Future for TimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Output = Result<A::Response, A::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let elapsed = match (this.inner.as_mut().as_pin_mut(), this.countdown) {
            (Some(inner), None) => return inner.poll(cx).map(A::pass),
            (Some(inner), Some(countdown)) => {
                if let Poll::Ready(result) = countdown.limit(|| inner.poll(cx)) {
                    return Poll::Ready(A::pass(result));
                }
                let elapsed = ready!(countdown.poll_expired(this.timer, cx));
                countdown.drop_call(|| this.inner.set(None));
                Some(Box::new(elapsed))
            }
            (None, _) => this.rejected.take(),
        };
        let rejected = this.caller.take().zip(elapsed);
        let (caller, elapsed) = rejected.expect("`TimeoutFuture` polled after completion");
        Poll::Ready(A::reject(caller, *elapsed))
    }
}

impl<S, Req, A> fmt::Debug for TimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutFuture").finish_non_exhaustive()
    }
}
