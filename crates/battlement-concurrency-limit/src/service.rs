use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use crate::{Admit, Reason, call::Call, future::ConcurrencyLimitFuture, guard::Guard};

/// A service with a limit of calls in flight, created by [`ConcurrencyLimitLayer`](crate::ConcurrencyLimitLayer).
pub struct ConcurrencyLimit<S, K> {
    inner: S,
    guard: Arc<Guard<K>>,
}

impl<S, K> ConcurrencyLimit<S, K> {
    pub(crate) const fn new(inner: S, guard: Arc<Guard<K>>) -> Self {
        Self { inner, guard }
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

impl<S, K, Req> Service<Req> for ConcurrencyLimit<S, K>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    type Response = K::Response;
    type Error = K::Error;
    type Future = ConcurrencyLimitFuture<S, K, Req>;

    // Reserves nothing: a permit that a ready service held would be lost to all others.
    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        self.inner.poll_ready(cx).map_err(K::ready_error)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        if !K::CLASS_IS_INLINE && self.guard.has_classes() {
            return self.call_classed(request);
        }
        match self.guard.admit(&request) {
            Ok(call) => ConcurrencyLimitFuture::called(self.inner.call(request), call),
            Err(class) => self.reject(class, request),
        }
    }
}

impl<S, K> ConcurrencyLimit<S, K> {
    /// Calls the service, unless the limit of the class of the request is reached.
    // A function of its own, since a reference to the request that is passed on costs a copy of the request.
    #[inline(never)]
    fn call_classed<Req>(&mut self, request: Req) -> ConcurrencyLimitFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Admit<Req, S::Response, S::Error>,
    {
        match self.guard.admit_classed(&request) {
            Ok(call) => ConcurrencyLimitFuture::called(self.inner.call(request), call),
            Err(class) => self.reject(class, request),
        }
    }

    #[cold]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a reference would cost each call a copy of its request"
    )]
    fn reject<Req>(&self, class: usize, request: Req) -> ConcurrencyLimitFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Admit<Req, S::Response, S::Error>,
    {
        let error = self.guard.shared.reject(Reason::Full, class);
        ConcurrencyLimitFuture::rejected(
            self.guard.kind.admitted(Call::uncounted()),
            K::caller(&request),
            error,
        )
    }
}

impl<S: Clone, K> Clone for ConcurrencyLimit<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.guard))
    }
}

impl<S: fmt::Debug, K> fmt::Debug for ConcurrencyLimit<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimit").field("inner", &self.inner).finish_non_exhaustive()
    }
}
