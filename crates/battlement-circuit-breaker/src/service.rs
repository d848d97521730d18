use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;
use tower_service::Service;

use crate::{
    CircuitOpen, Protect, breaker::Breaker, call::Call, future::CircuitBreakerFuture, guard::Guard,
};

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
            return CircuitBreakerFuture::called(self.inner.call(request), None);
        }
        let circuits = self.guard.circuits();
        // A service that was not polled ready cannot be called, even if the open time has ended since.
        if mem::take(&mut self.is_skipped) {
            return reject(request, circuits.reject(Instant::now()));
        }
        let now = Instant::now();
        let tick = circuits.shared().tick(now);
        if circuits.is_keyed() {
            return self.call_keyed(request, now, tick);
        }
        match Arc::clone(circuits.one()).pass(tick) {
            Ok(ticket) => {
                let call = self.guard.kind().judged(&request, Call::new(ticket));
                CircuitBreakerFuture::called(self.inner.call(request), Some(call))
            }
            Err(breaker) => self.call_unclosed(request, breaker, tick),
        }
    }
}

impl<S, K> CircuitBreaker<S, K> {
    /// Calls the service, unless the breaker of the request's key rejects the call.
    // Repeats the end of `call`. Each shape with one `match` for both costs every call instructions: choosing the breaker
    // first takes a reference to the request before `call` passes it on, which costs a copy of the request.
    #[inline(never)]
    fn call_keyed<Req>(
        &mut self,
        request: Req,
        now: Instant,
        tick: u64,
    ) -> CircuitBreakerFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Protect<Req, S::Response, S::Error>,
    {
        match self.guard.breaker(&request, tick, now).pass(tick) {
            Ok(ticket) => {
                let call = self.guard.kind().judged(&request, Call::new(ticket));
                CircuitBreakerFuture::called(self.inner.call(request), Some(call))
            }
            Err(breaker) => self.call_unclosed(request, breaker, tick),
        }
    }

    /// Calls the service, unless its breaker, which is not closed, rejects the call.
    #[cold]
    fn call_unclosed<Req>(
        &mut self,
        request: Req,
        breaker: Arc<Breaker>,
        tick: u64,
    ) -> CircuitBreakerFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Protect<Req, S::Response, S::Error>,
    {
        match self.guard.circuits().admit(breaker, tick) {
            Ok(call) => {
                let call = self.guard.kind().judged(&request, call);
                CircuitBreakerFuture::called(self.inner.call(request), Some(call))
            }
            Err(open) => reject(request, open),
        }
    }
}

/// Creates the future of a rejected call.
#[cold]
#[expect(
    clippy::needless_pass_by_value,
    reason = "a reference would cost each call a copy of its request"
)]
fn reject<S, K, Req>(request: Req, open: CircuitOpen) -> CircuitBreakerFuture<S, K, Req>
where
    S: Service<Req>,
    K: Protect<Req, S::Response, S::Error>,
{
    CircuitBreakerFuture::rejected(K::caller(&request), open)
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
