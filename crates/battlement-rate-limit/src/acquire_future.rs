use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Request;
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{Outcome, Store, future::Next, limiter::Pending};

pin_project! {
    /// A request that waits for the store's answer, with the service that was polled ready for it.
    ///
    /// Dropping it drops the request, the service and the store's future.
    #[must_use = "futures do nothing unless polled"]
    pub struct AcquireFuture<S, B, St: Store> {
        #[pin]
        answer: St::Later<Outcome>,
        // `None` after the store has answered.
        call: Option<(Pending<St>, S, Request<B>)>,
    }
}

impl<S, B, St: Store> AcquireFuture<S, B, St> {
    pub(crate) fn new(
        answer: St::Later<Outcome>,
        pending: Pending<St>,
        service: S,
        request: Request<B>,
    ) -> Self {
        Self { answer, call: Some((pending, service, request)) }
    }
}

impl<S, B, St> Future for AcquireFuture<S, B, St>
where
    S: Service<Request<B>>,
    St: Store,
{
    type Output = Next<S::Future>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(cx));
        let call = this.call.take();
        let (pending, mut service, mut request) =
            call.expect("`AcquireFuture` polled after completion");
        let admission = pending.decide(answer, &mut request);
        Poll::Ready(Next::of(admission, &mut service, request))
    }
}

impl<S, B, St: Store> fmt::Debug for AcquireFuture<S, B, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcquireFuture").finish_non_exhaustive()
    }
}
