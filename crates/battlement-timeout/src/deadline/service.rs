use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{DefaultReject, Reject, within};
use http::{Request, Response};
use tower_service::Service;

use super::{arrival::Arrival, future::DeadlineFuture, layer::DeadlineLayer, remains::Remains};
use crate::{DeadlineBody, Elapsed, expiry};

/// A service that sets the deadline of each request, created by [`DeadlineLayer`].
pub struct DeadlineService<S, A = DefaultReject> {
    inner: S,
    layer: DeadlineLayer<A>,
}

impl<S, A> DeadlineService<S, A> {
    pub(super) const fn new(inner: S, layer: DeadlineLayer<A>) -> Self {
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

impl<S, A, B, RB> Service<Request<B>> for DeadlineService<S, A>
where
    S: Service<Request<B>, Response = Response<RB>>,
    A: Reject<Request<B>, Response<RB>, S::Error>,
{
    type Response = Response<DeadlineBody<RB>>;
    type Error = A::Error;
    type Future = DeadlineFuture<S, Request<B>, A>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        self.inner.poll_ready(cx).map_err(A::error)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let config = self.layer.config();
        if !config.enabled {
            return DeadlineFuture::passing(self.inner.call(request), config);
        }
        let Arrival { mut facts, wire, has_grpc_timeout, is_late } = config.arrive(&mut request);
        if is_late {
            expiry::report(&Elapsed::NO_TIME, &config.observer);
            return DeadlineFuture::rejected(A::caller(&request), config);
        }
        let caller = A::late_caller(&request);
        let inner = within(&mut facts, || self.inner.call(request));
        let remains = Remains::new(facts, Arc::clone(config));
        DeadlineFuture::limited(inner, remains, wire, has_grpc_timeout, caller)
    }
}

impl<S: Clone, A> Clone for DeadlineService<S, A> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}

impl<S: fmt::Debug, A> fmt::Debug for DeadlineService<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
