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
    pub struct Waiting<S, B, St: Store> {
        #[pin]
        answer: St::Later<Outcome>,
        // `None` after the store has answered.
        held: Option<(Pending<St>, S, Request<B>)>,
    }
}

impl<S, B, St: Store> Waiting<S, B, St> {
    pub(crate) fn new(
        answer: St::Later<Outcome>,
        pending: Pending<St>,
        service: S,
        request: Request<B>,
    ) -> Self {
        Self { answer, held: Some((pending, service, request)) }
    }
}

impl<S, B, St> Future for Waiting<S, B, St>
where
    S: Service<Request<B>>,
    St: Store,
{
    type Output = Next<S::Future>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(cx));
        let held = this.held.take();
        let (pending, mut service, mut request) =
            held.expect("`Waiting` polled after completion");
        let ruled = pending.rule(answer, &mut request);
        Poll::Ready(Next::of(ruled, &mut service, request))
    }
}

impl<S, B, St: Store> fmt::Debug for Waiting<S, B, St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}
