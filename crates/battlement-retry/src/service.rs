use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;
use tower_service::Service;

use crate::{
    Repeat, Sends, StopReason,
    call::Call,
    config::Config,
    course::Course,
    future::RetryFuture,
    repeat::{Answered, SentBy, ServiceError},
};

/// A service that repeats failed calls, created by [`RetryLayer`](crate::RetryLayer).
pub struct Retry<S, K> {
    inner: S,
    kind: K,
    config: Arc<Config>,
}

impl<S, K> Retry<S, K> {
    pub(crate) const fn new(inner: S, kind: K, config: Arc<Config>) -> Self {
        Self { inner, kind, config }
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

impl<S, K, Req> Service<Req> for Retry<S, K>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>> + Clone,
    K: Repeat<Req, Answered<S, K, Req>, ServiceError<S, K, Req>> + Clone,
{
    type Response = K::Response;
    type Error = K::Error;
    type Future = RetryFuture<S, K, Req>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        self.inner.poll_ready(cx).map_err(K::ready_error)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        if !self.config.enabled {
            return RetryFuture::pass(self.inner.call(self.kind.once(request)));
        }
        let now = Instant::now();
        let Ok(ticket) = self.config.begin(now) else {
            return RetryFuture::throttled(K::caller(&request));
        };
        let budget = K::budget(&self.config.budgets, &request);
        let mut origin = Err(StopReason::NotIdempotent);
        let sent = self.kind.begin(request, &mut origin);
        // An attempt of a layer further out was counted there, perhaps in the same budget.
        if let Some(budget) = &budget
            && !matches!(origin, Err(StopReason::Nested))
        {
            budget.deposit(now);
        }
        if origin.is_err() && !self.config.is_counting() {
            // An error needs no drop, which the compiler does not see.
            mem::forget(origin);
            return RetryFuture::pass(self.inner.call(sent));
        }
        let fresh = self.inner.clone();
        let mut service = mem::replace(&mut self.inner, fresh);
        let future = service.call(sent);
        let course = Course::new(Arc::clone(&self.config), budget, now, ticket);
        RetryFuture::new(future, Call::new(service, self.kind.clone(), origin, course))
    }
}

impl<S: Clone, K: Clone> Clone for Retry<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.kind.clone(), Arc::clone(&self.config))
    }
}

impl<S: fmt::Debug, K> fmt::Debug for Retry<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry").field("inner", &self.inner).finish_non_exhaustive()
    }
}
