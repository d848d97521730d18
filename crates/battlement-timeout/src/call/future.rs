use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{Reject, Timer};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::countdown::Countdown;
use crate::Elapsed;

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
        countdown: Countdown,
        caller: Option<A::Caller>,
    }
}

impl<S, Req, A> TimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    #[inline(always)]
    pub(crate) fn new(inner: S::Future, countdown: Countdown, caller: A::Caller) -> Self {
        Self { inner: Some(inner), timer: Timer::unset(), countdown, caller: Some(caller) }
    }

    /// Creates the future of a call that is not made, since it has no time left.
    pub(crate) fn rejected(countdown: Countdown, caller: A::Caller) -> Self {
        Self { inner: None, timer: Timer::unset(), countdown, caller: Some(caller) }
    }
}

impl<S, Req, A> Future for TimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Output = Result<A::Response, A::Error>;

    // A result is written where the caller wants it, and not copied there.
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        if let Some(inner) = this.inner.as_pin_mut() {
            let limited = this.countdown.enter();
            if let Poll::Ready(result) = inner.poll(cx) {
                return Poll::Ready(A::pass(result));
            }
            drop(limited);
        }
        self.poll_expired(cx).map(|expired| *expired)
    }
}

impl<S, Req, A> TimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    /// Waits for the end of the time of a call that is pending, or that was not made.
    // Boxed, since an expiry is rare, and another place for the result would make every call copy its result.
    #[inline(never)]
    fn poll_expired(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Box<<Self as Future>::Output>> {
        let mut this = self.project();
        let elapsed = if this.inner.is_some() {
            let elapsed = ready!(this.countdown.poll_expired(this.timer, cx));
            this.countdown.drop_call(|| this.inner.set(None));
            elapsed
        } else {
            Elapsed::NO_TIME
        };
        let caller = this.caller.take().expect("`TimeoutFuture` polled after completion");
        Poll::Ready(Box::new(A::reject(caller, elapsed)))
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
