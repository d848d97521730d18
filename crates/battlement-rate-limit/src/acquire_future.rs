use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Request;
use tower_service::Service;

use crate::{Outcome, Store, future::Next, limiter::Pending, store::BoxFuture};

/// A request that waits for the store's answer, with the service that was polled ready for it.
///
/// Dropping it drops the request, the service and the store's future.
#[must_use = "futures do nothing unless polled"]
pub struct AcquireFuture<S, B, St> {
    answer: BoxFuture<Outcome>,
    pending: Pending<St>,
    // `None` before `hold`, and after the store has answered.
    call: Option<(S, Request<B>)>,
}

/// Its parts are not pinned.
impl<S, B, St> Unpin for AcquireFuture<S, B, St> {}

impl<S, B, St> AcquireFuture<S, B, St> {
    pub(crate) const fn new(answer: BoxFuture<Outcome>, pending: Pending<St>) -> Self {
        Self { answer, pending, call: None }
    }

    /// Makes the request wait, with the service that was polled ready for it.
    pub(crate) fn hold(&mut self, service: S, request: Request<B>) {
        self.call = Some((service, request));
    }
}

impl<S, B, St> Future for AcquireFuture<S, B, St>
where
    S: Service<Request<B>>,
    St: Store,
{
    type Output = Next<S::Future>;

    // Not inlined, so that requests that do not wait have more registers.
    #[inline(never)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(self.answer.as_mut().poll(cx));
        let call = self.call.take();
        let (mut service, mut request) = call.expect("`AcquireFuture` polled after completion");
        let admission = self.pending.decide(answer, &mut request);
        Poll::Ready(Next::of(admission, &mut service, request))
    }
}

impl<S, B, St> fmt::Debug for AcquireFuture<S, B, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireFuture").finish_non_exhaustive()
    }
}
