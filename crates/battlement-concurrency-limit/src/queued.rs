use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use crate::{Admit, call::Call, guard::Guard, queued_future::QueuedConcurrencyLimitFuture};

/// A service with a limit of calls in flight and a queue, created by
/// [`QueuedConcurrencyLimitLayer`](crate::QueuedConcurrencyLimitLayer).
///
/// A call that waits takes the service that was polled ready into its future, so the service must be `Clone`.
pub struct QueuedConcurrencyLimit<S, K> {
    inner: S,
    guard: Arc<Guard<K>>,
}

impl<S, K> QueuedConcurrencyLimit<S, K> {
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

impl<S, K, Req> Service<Req> for QueuedConcurrencyLimit<S, K>
where
    S: Service<Req> + Clone,
    K: Admit<Req, S::Response, S::Error>,
{
    type Response = K::Response;
    type Error = K::Error;
    type Future = QueuedConcurrencyLimitFuture<S, K, Req>;

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
            Ok(call) => QueuedConcurrencyLimitFuture::called(self.inner.call(request), call),
            Err(class) => self.enqueue(class, request),
        }
    }
}

impl<S, K> QueuedConcurrencyLimit<S, K> {
    /// Calls the service, unless the limit of the class of the request is reached.
    // A function of its own, since a reference to the request that is passed on costs a copy of the request.
    #[inline(never)]
    fn call_classed<Req>(&mut self, request: Req) -> QueuedConcurrencyLimitFuture<S, K, Req>
    where
        S: Service<Req> + Clone,
        K: Admit<Req, S::Response, S::Error>,
    {
        match self.guard.admit_classed(&request) {
            Ok(call) => QueuedConcurrencyLimitFuture::called(self.inner.call(request), call),
            Err(class) => self.enqueue(class, request),
        }
    }

    #[cold]
    fn enqueue<Req>(
        &mut self,
        class: usize,
        request: Req,
    ) -> QueuedConcurrencyLimitFuture<S, K, Req>
    where
        S: Service<Req> + Clone,
        K: Admit<Req, S::Response, S::Error>,
    {
        match self.guard.shared.wait(class, K::deadline(&request)) {
            Ok(wait) => {
                let fresh = self.inner.clone();
                let ready = mem::replace(&mut self.inner, fresh);
                QueuedConcurrencyLimitFuture::waiting(ready, request, wait, Arc::clone(&self.guard))
            }
            Err(error) => QueuedConcurrencyLimitFuture::rejected(
                self.guard.kind.admitted(Call::uncounted()),
                K::caller(&request),
                error,
            ),
        }
    }
}

// The clone was not polled ready.
impl<S: Clone, K> Clone for QueuedConcurrencyLimit<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.guard))
    }
}

impl<S: fmt::Debug, K> fmt::Debug for QueuedConcurrencyLimit<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedConcurrencyLimit").field("inner", &self.inner).finish_non_exhaustive()
    }
}
