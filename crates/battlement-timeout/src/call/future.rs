use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::Reject;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::countdown::Countdown;

pin_project! {
    /// The future of a [`Timeout`](crate::Timeout).
    #[must_use = "futures do nothing unless polled"]
    pub struct TimeoutFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        // `None` once the call was dropped.
        #[pin]
        inner: Option<S::Future>,
        // `None` if the layer is disabled.
        #[pin]
        countdown: Option<Countdown>,
        caller: Option<A::Caller>,
    }
}

impl<S, Req, A> TimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    #[inline]
    pub(super) const fn new(
        inner: S::Future,
        countdown: Option<Countdown>,
        caller: A::Caller,
    ) -> Self {
        Self { inner: Some(inner), countdown, caller: Some(caller) }
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
        let inner = this.inner.as_mut().as_pin_mut();
        let inner = inner.expect("`TimeoutFuture` polled after completion");
        let Some(mut countdown) = this.countdown.as_pin_mut() else {
            return inner.poll(cx).map(A::pass);
        };
        if let Poll::Ready(result) = countdown.limit(|| inner.poll(cx)) {
            return Poll::Ready(A::pass(result));
        }
        let elapsed = ready!(countdown.as_mut().poll_expired(cx));
        countdown.drop_call(|| this.inner.set(None));
        let caller = this.caller.take().expect("`TimeoutFuture` polled after completion");
        Poll::Ready(A::reject(caller, elapsed))
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
