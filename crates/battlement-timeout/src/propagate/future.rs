use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::Reject;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::stated::Stated;
use crate::Elapsed;

pin_project! {
    /// The future of a [`PropagateDeadline`](crate::PropagateDeadline).
    #[must_use = "futures do nothing unless polled"]
    pub struct PropagateDeadlineFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        // `None` if the call was not made.
        #[pin]
        inner: Option<S::Future>,
        // `None` if the call states no limit.
        stated: Option<Stated>,
        // Whether a response reports that the call was cancelled; for gRPC.
        is_cancelled: Option<fn(&S::Response) -> bool>,
        // Boxed, since a rejection is rare and every call moves the future.
        rejected: Option<Box<Elapsed>>,
        caller: Option<A::Caller>,
    }
}

impl<S, Req, A> PropagateDeadlineFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    /// Creates the future of a call that was made. `is_cancelled` recognizes the response to a cancelled gRPC call.
    #[inline(always)]
    pub(super) const fn called(
        inner: S::Future,
        stated: Option<Stated>,
        is_cancelled: Option<fn(&S::Response) -> bool>,
        caller: A::Caller,
    ) -> Self {
        Self { inner: Some(inner), stated, is_cancelled, rejected: None, caller: Some(caller) }
    }

    /// Creates the future of a call that is not made, since it has no time left.
    pub(super) const fn rejected(elapsed: Box<Elapsed>, caller: A::Caller) -> Self {
        Self {
            inner: None,
            stated: None,
            is_cancelled: None,
            rejected: Some(elapsed),
            caller: Some(caller),
        }
    }

    /// Returns the result of a call that was rejected, or whose time has passed.
    // Boxed, since that is rare, and another place for the result would make every call copy its result.
    #[inline(never)]
    fn rejection(self: Pin<&mut Self>) -> Box<Result<A::Response, A::Error>> {
        let this = self.project();
        let rejected = this.caller.take().zip(this.rejected.take());
        let (caller, elapsed) =
            rejected.expect("`PropagateDeadlineFuture` polled after completion");
        Box::new(A::reject(caller, *elapsed))
    }
}

impl<S, Req, A> Future for PropagateDeadlineFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Output = Result<A::Response, A::Error>;

    // A response is written where the caller wants it, and not copied there.
    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.as_mut().project();
        if let Some(inner) = this.inner.as_pin_mut() {
            let result = match ready!(inner.poll(cx)) {
                Ok(response) if this.is_cancelled.is_none() => {
                    return Poll::Ready(A::pass(Ok(response)));
                }
                result => result,
            };
            let may_be_expiry = match &result {
                Ok(response) => this.is_cancelled.is_some_and(|is| is(response)),
                Err(_) => true,
            };
            let stated = this.stated.as_ref().filter(|_| may_be_expiry);
            let Some(elapsed) = stated.and_then(Stated::expired) else {
                return Poll::Ready(A::pass(result));
            };
            *this.rejected = Some(Box::new(elapsed));
        }
        Poll::Ready(*self.rejection())
    }
}

impl<S, Req, A> fmt::Debug for PropagateDeadlineFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PropagateDeadlineFuture").finish_non_exhaustive()
    }
}
