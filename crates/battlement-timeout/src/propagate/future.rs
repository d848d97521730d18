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
        // `None` if the call has no deadline.
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
    /// Creates the future of a call that states no limit.
    pub(super) const fn passing(inner: S::Future) -> Self {
        let inner = Some(inner);
        Self { inner, stated: None, is_cancelled: None, rejected: None, caller: None }
    }

    /// Makes the call, unless it has no time left. `is_cancelled` recognizes the response to a cancelled gRPC call.
    #[inline]
    pub(super) fn make(
        stated: Result<Option<Stated>, Elapsed>,
        caller: A::Caller,
        is_cancelled: Option<fn(&S::Response) -> bool>,
        call: impl FnOnce() -> S::Future,
    ) -> Self {
        let caller = Some(caller);
        match stated {
            Ok(stated) => {
                Self { inner: Some(call()), stated, is_cancelled, rejected: None, caller }
            }
            Err(elapsed) => {
                let rejected = Some(Box::new(elapsed));
                Self { inner: None, stated: None, is_cancelled: None, rejected, caller }
            }
        }
    }
}

impl<S, Req, A> Future for PropagateDeadlineFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Output = Result<A::Response, A::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let elapsed = match this.inner.as_pin_mut() {
            Some(inner) => {
                let result = ready!(inner.poll(cx));
                let may_be_expiry = match &result {
                    Ok(response) => this.is_cancelled.is_some_and(|is| is(response)),
                    Err(_) => true,
                };
                let stated = this.stated.as_ref().filter(|_| may_be_expiry);
                let Some(elapsed) = stated.and_then(Stated::expired) else {
                    return Poll::Ready(A::pass(result));
                };
                Some(Box::new(elapsed))
            }
            None => this.rejected.take(),
        };
        let rejected = this.caller.take().zip(elapsed);
        let (caller, elapsed) =
            rejected.expect("`PropagateDeadlineFuture` polled after completion");
        Poll::Ready(A::reject(caller, *elapsed))
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
