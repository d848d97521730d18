use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{DefaultReject, Reject, within};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{future::DeadlineFuture, layer::DeadlineLayer};
use crate::{DeadlineBody, Elapsed, ElapsedKind, expiry};

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

impl<S, A, B, RB, AB> Service<Request<B>> for DeadlineService<S, A>
where
    S: Service<Request<B>, Response = Response<RB>>,
    A: Reject<Request<B>, Response<RB>, S::Error, Response = Response<AB>>,
    AB: Body,
{
    type Response = Response<DeadlineBody<AB>>;
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
            return DeadlineFuture::passing(self.inner.call(request));
        }
        let caller = A::caller(&request);
        let arrival = config.arrive(&mut request);
        if let Some(observe) = config.observer.get() {
            observe.arrived(arrival.left);
        }
        if arrival.left.is_zero() {
            let elapsed = Elapsed::new(ElapsedKind::NoTimeLeft, arrival.left);
            expiry::report(&elapsed, &config.observer);
            return DeadlineFuture::rejected(caller, elapsed);
        }
        let config = Arc::clone(config);
        let mut slot = Some(arrival.facts.clone());
        let inner = within(&mut slot, || self.inner.call(request));
        DeadlineFuture::limited(inner, arrival, config, caller)
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
