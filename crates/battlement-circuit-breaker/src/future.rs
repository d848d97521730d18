use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{CircuitOpen, Protect};

pin_project! {
    /// The future of a [`CircuitBreaker`](crate::CircuitBreaker).
    #[must_use = "futures do nothing unless polled"]
    pub struct CircuitBreakerFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Protect<Req, S::Response, S::Error>,
    {
        // `None` if the call was rejected.
        #[pin]
        inner: Option<S::Future>,
        // `None` if the layer is disabled, and once the call has its result.
        call: Option<K::Call>,
        // Boxed, since a rejection is rare and every call moves the future.
        rejection: Option<Box<(K::Caller, CircuitOpen)>>,
    }
}

const COMPLETED: &str = "`CircuitBreakerFuture` polled after completion";

impl<S, K, Req> CircuitBreakerFuture<S, K, Req>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    /// Creates the future of a call that was made; without a `call` of its own, it passes through.
    #[inline(always)]
    pub(crate) const fn called(inner: S::Future, call: Option<K::Call>) -> Self {
        Self { inner: Some(inner), call, rejection: None }
    }

    /// Creates the future of a call that is not made.
    pub(crate) fn rejected(caller: K::Caller, open: CircuitOpen) -> Self {
        Self { inner: None, call: None, rejection: Some(Box::new((caller, open))) }
    }
}

impl<S, K, Req> Future for CircuitBreakerFuture<S, K, Req>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    type Output = Result<K::Response, K::Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            let (caller, open) = *this.rejection.take().expect(COMPLETED);
            return Poll::Ready(K::reject(caller, open));
        };
        if let Poll::Ready(result) = inner.poll(cx) {
            return Poll::Ready(K::finish(this.call, result));
        }
        if let Some(call) = this.call {
            K::pending(call);
        }
        Poll::Pending
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
