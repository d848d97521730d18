use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{Admit, Overloaded};

pin_project! {
    /// The future of a [`ConcurrencyLimit`](crate::ConcurrencyLimit).
    #[must_use = "futures do nothing unless polled"]
    pub struct ConcurrencyLimitFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Admit<Req, S::Response, S::Error>,
    {
        // `None` if the call was rejected. Dropped before the call, whose permit counts the work.
        #[pin]
        inner: Option<S::Future>,
        call: K::Call,
        // Boxed, since every call moves the future, and a rejection does not reach the service.
        rejection: Option<Box<(K::Caller, Overloaded)>>,
    }
}

const COMPLETED: &str = "`ConcurrencyLimitFuture` polled after completion";

impl<S, K, Req> ConcurrencyLimitFuture<S, K, Req>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    /// Creates the future of a call that was made.
    #[inline(always)]
    pub(crate) const fn called(inner: S::Future, call: K::Call) -> Self {
        Self { inner: Some(inner), call, rejection: None }
    }

    /// Creates the future of a call that is not made; `call` holds no permit.
    pub(crate) fn rejected(call: K::Call, caller: K::Caller, error: Overloaded) -> Self {
        Self { inner: None, call, rejection: Some(Box::new((caller, error))) }
    }
}

impl<S, K, Req> Future for ConcurrencyLimitFuture<S, K, Req>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    type Output = Result<K::Response, K::Error>;

    #[inline(always)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            let (caller, error) = *this.rejection.take().expect(COMPLETED);
            return Poll::Ready(K::reject(caller, error));
        };
        let result = ready!(inner.poll(cx));
        Poll::Ready(K::finish(this.call, result))
    }
}

impl<S, K, Req> fmt::Debug for ConcurrencyLimitFuture<S, K, Req>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitFuture").finish_non_exhaustive()
    }
}
