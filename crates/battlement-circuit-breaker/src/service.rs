use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;
use tower_service::Service;

use crate::{CircuitOpen, Protect, future::CircuitBreakerFuture, guard::Guard};

/// A service whose calls pass a circuit breaker, created by [`CircuitBreakerLayer`](crate::CircuitBreakerLayer).
pub struct CircuitBreaker<S, K> {
    inner: S,
    guard: Arc<Guard<K>>,
    /// Whether the last `poll_ready` has not polled the inner service, because the breaker was open.
    is_skipped: bool,
}

impl<S, K> CircuitBreaker<S, K> {
    pub(crate) const fn new(inner: S, guard: Arc<Guard<K>>) -> Self {
        Self { inner, guard, is_skipped: false }
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

impl<S, K, Req> Service<Req> for CircuitBreaker<S, K>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    type Response = K::Response;
    type Error = K::Error;
    type Future = CircuitBreakerFuture<S, K, Req>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        self.is_skipped = self.guard.rejects_all();
        if self.is_skipped {
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_ready(cx).map_err(K::ready_error)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        if !self.guard.is_enabled() {
            let judge = self.guard.kind().judge(&request);
            return CircuitBreakerFuture::called(self.inner.call(request), judge, None);
        }
        // A service that was not polled ready cannot be called, even if the open time has ended since.
        let is_skipped = mem::take(&mut self.is_skipped);
        match self.guard.admit(&request, Instant::now(), is_skipped) {
            Ok(call) => {
                let judge = self.guard.kind().judge(&request);
                CircuitBreakerFuture::called(self.inner.call(request), judge, Some(call))
            }
            Err(open) => reject(self.guard.kind(), &request, open),
        }
    }
}

/// Creates the future of a rejected call.
#[cold]
fn reject<S, K, Req>(kind: &K, request: &Req, open: CircuitOpen) -> CircuitBreakerFuture<S, K, Req>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    CircuitBreakerFuture::rejected(kind.judge(request), K::caller(request), open)
}

// The clone was not polled ready.
impl<S: Clone, K> Clone for CircuitBreaker<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.guard))
    }
}

impl<S: fmt::Debug, K> fmt::Debug for CircuitBreaker<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("inner", &self.inner).finish_non_exhaustive()
    }
}
