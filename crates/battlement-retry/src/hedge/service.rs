use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::Instant;
use tower_service::Service;

use super::{HedgeKind, call::HedgedCall, config::HedgeConfig, future::HedgeFuture};
use crate::{
    Sends,
    repeat::{Answered, SentBy, ServiceError},
};

/// A service that sends copies of calls that take long, created by [`HedgeLayer`](crate::HedgeLayer).
pub struct Hedge<S, K> {
    inner: S,
    kind: K,
    config: Arc<HedgeConfig>,
}

impl<S, K> Hedge<S, K> {
    pub(crate) const fn new(inner: S, kind: K, config: Arc<HedgeConfig>) -> Self {
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

impl<S, K, Req> Service<Req> for Hedge<S, K>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>> + Clone,
    K: HedgeKind<Req, Answered<S, K, Req>, ServiceError<S, K, Req>> + Clone,
{
    type Response = K::Response;
    type Error = K::Error;
    type Future = HedgeFuture<S, K, Req>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        self.inner.poll_ready(cx).map_err(K::ready_error)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        if !self.config.enabled {
            return HedgeFuture::pass(self.inner.call(self.kind.once(request)));
        }
        let now = Instant::now();
        let budget = K::budget(&self.config.budgets, &request);
        if let Some(budget) = &budget
            && self.config.counts(K::attempt(&request))
        {
            budget.deposit(now);
        }
        let (sent, origin) = self.kind.begin_hedge(request);
        let Some(origin) = origin else { return HedgeFuture::pass(self.inner.call(sent)) };
        let fresh = self.inner.clone();
        let mut service = mem::replace(&mut self.inner, fresh);
        let future = service.call(sent);
        let config = Arc::clone(&self.config);
        let call = HedgedCall::new(service, self.kind.clone(), origin, config, budget, now);
        HedgeFuture::new(future, call)
    }
}

impl<S: Clone, K: Clone> Clone for Hedge<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.kind.clone(), Arc::clone(&self.config))
    }
}

impl<S: fmt::Debug, K> fmt::Debug for Hedge<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge").field("inner", &self.inner).finish_non_exhaustive()
    }
}
