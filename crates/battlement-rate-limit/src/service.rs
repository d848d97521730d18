use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::ResponseBody;
use http::{Request, Response};
use tower_service::Service;

use crate::{AcquireFuture, Memory, Never, Remote, ResponseFuture, future::Next, limiter::Limiter};

/// A service that limits the requests of each key, created by [`RateLimitLayer`](crate::RateLimitLayer).
///
/// With a store in memory, the inner service has no further bounds. With a [`Remote`] store, it must be `Clone`.
#[derive(Clone, Debug)]
pub struct RateLimit<S, St = Memory> {
    inner: S,
    limiter: Arc<Limiter<St>>,
}

impl<S, St> RateLimit<S, St> {
    pub(crate) const fn new(inner: S, limiter: Arc<Limiter<St>>) -> Self {
        Self { inner, limiter }
    }

    /// Returns a reference to the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Consumes the layer's service and returns the inner one.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B, RB> Service<Request<B>> for RateLimit<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, Never<Next<S::Future>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.limiter.decide(&mut request) {
            Ok(Ok(on_response)) => ResponseFuture::call(self.inner.call(request), on_response),
            Ok(Err(rejected)) => ResponseFuture::reject(rejected),
            Err((_, never)) => never.unreachable(),
        }
    }
}

impl<S, B, RB, St> Service<Request<B>> for RateLimit<S, St>
where
    S: Service<Request<B>, Response = Response<RB>> + Clone,
    St: Remote,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, AcquireFuture<S, B, St>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.limiter.decide(&mut request) {
            Ok(Ok(on_response)) => ResponseFuture::call(self.inner.call(request), on_response),
            Ok(Err(rejected)) => ResponseFuture::reject(rejected),
            Err((pending, answer)) => {
                // The service that was polled ready waits; the clone has to become ready again.
                let unready = self.inner.clone();
                let ready = mem::replace(&mut self.inner, unready);
                ResponseFuture::wait(AcquireFuture::new(answer, pending, ready, request))
            }
        }
    }
}
