use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{CircuitOpen, Protect, call::Call};

pin_project! {
    /// The future of a [`CircuitBreaker`](crate::CircuitBreaker).
    #[must_use = "futures do nothing unless polled"]
    pub struct CircuitBreakerFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Protect<Req, S::Response, S::Error>,
    {
        #[pin]
        state: State<S::Future, K::Judge, K::Caller>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, J, C> {
        // `judge` is `None` once the call has its result.
        Called { #[pin] future: F, judge: Option<J>, call: Option<Call> },
        // `None` once the rejection was returned.
        Rejected { rejection: Option<(C, CircuitOpen)> },
    }
}

const COMPLETED: &str = "`CircuitBreakerFuture` polled after completion";

impl<S, K, Req> CircuitBreakerFuture<S, K, Req>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    /// Creates the future of a call that was made; without a `call` of its own, it passes through.
    #[inline]
    pub(crate) const fn called(future: S::Future, judge: K::Judge, call: Option<Call>) -> Self {
        Self { state: State::Called { future, judge: Some(judge), call } }
    }

    /// Creates the future of a call that is not made.
    pub(crate) const fn rejected(caller: K::Caller, open: CircuitOpen) -> Self {
        Self { state: State::Rejected { rejection: Some((caller, open)) } }
    }
}

impl<S, K, Req> Future for CircuitBreakerFuture<S, K, Req>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    type Output = Result<K::Response, K::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Called { future, judge, call } => {
                let Poll::Ready(result) = future.poll(cx) else {
                    if let Some(call) = call {
                        call.pending();
                    }
                    return Poll::Pending;
                };
                let judge = judge.take().expect(COMPLETED);
                Poll::Ready(K::finish(judge, result, call.take()))
            }
            StateProj::Rejected { rejection } => {
                let (caller, open) = rejection.take().expect(COMPLETED);
                Poll::Ready(K::reject(caller, open))
            }
        }
    }
}

impl<S, K, Req> fmt::Debug for CircuitBreakerFuture<S, K, Req>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerFuture").finish_non_exhaustive()
    }
}
