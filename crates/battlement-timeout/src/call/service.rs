use std::{
    fmt,
    task::{Context, Poll},
};

use battlement_core::{DefaultReject, Reject};
use tower_service::Service;

use super::{future::TimeoutFuture, layer::TimeoutLayer};
use crate::{Fixed, Limit};

/// A service that limits the time of each call, created by [`TimeoutLayer`](crate::TimeoutLayer).
pub struct Timeout<S, L = Fixed, A = DefaultReject> {
    inner: S,
    layer: TimeoutLayer<L, A>,
}

impl<S, L, A> Timeout<S, L, A> {
    pub(super) const fn new(inner: S, layer: TimeoutLayer<L, A>) -> Self {
        Self { inner, layer }
    }

    /// Returns a reference to the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, L, A, Req> Service<Req> for Timeout<S, L, A>
where
    S: Service<Req>,
    L: Limit<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Response = A::Response;
    type Error = A::Error;
    type Future = TimeoutFuture<S, Req, A>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        self.inner.poll_ready(cx).map_err(A::error)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let countdown = self.layer.begin::<Req, S::Response, S::Error>(&request);
        let caller = A::late_caller(&request);
        let _limited = countdown.enter();
        TimeoutFuture::new(self.inner.call(request), countdown, caller)
    }
}

impl<S: Clone, L: Clone, A> Clone for Timeout<S, L, A> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}

impl<S: fmt::Debug, L: fmt::Debug, A> fmt::Debug for Timeout<S, L, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("inner", &self.inner).finish_non_exhaustive()
    }
}
