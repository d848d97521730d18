use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use super::{
    config::Config,
    fall_back::{Answered, FallBack, Sends, SentBy, ServiceError},
    future::{Call, FallbackFuture},
};

/// A service that answers failed calls from another source, created by [`FallbackLayer`](crate::FallbackLayer).
pub struct Fallback<S, K> {
    inner: S,
    kind: K,
    config: Arc<Config>,
}

impl<S, K> Fallback<S, K> {
    pub(super) const fn new(inner: S, kind: K, config: Arc<Config>) -> Self {
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

impl<S, K, Req> Service<Req> for Fallback<S, K>
where
    K: Sends<Req>,
    S: Service<SentBy<K, Req>>,
    K: FallBack<Req, Answered<S, K, Req>, ServiceError<S, K, Req>> + Clone,
{
    type Response = K::Response;
    type Error = K::Error;
    type Future = FallbackFuture<S, K, Req>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), K::Error>> {
        self.inner.poll_ready(cx).map_err(K::error)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        if !self.config.enabled {
            return FallbackFuture::new(self.inner.call(self.kind.once(request)), None);
        }
        let mut kept = None;
        let sent = self.kind.begin(request, &mut kept);
        let call = Call::new(self.kind.clone(), Arc::clone(&self.config), kept);
        FallbackFuture::new(self.inner.call(sent), Some(call))
    }
}

impl<S: Clone, K: Clone> Clone for Fallback<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.kind.clone(), Arc::clone(&self.config))
    }
}

impl<S: fmt::Debug, K> fmt::Debug for Fallback<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback").field("inner", &self.inner).finish_non_exhaustive()
    }
}
