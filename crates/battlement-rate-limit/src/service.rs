use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::ResponseBody;
use http::{Request, Response};
use tower_service::Service;

use crate::{Memory, Never, Remote, ResponseFuture, Waiting, future::Next, limiter::Limiter};

/// Limits how much each key may ask. Made by [`RateLimitLayer`](crate::RateLimitLayer).
///
/// Around a store in memory it asks nothing of the service inside. Where the store may have to be waited for,
/// that must be `Clone`.
#[derive(Clone, Debug)]
pub struct RateLimit<S, St = Memory> {
    inner: S,
    limiter: Arc<Limiter<St>>,
}

impl<S, St> RateLimit<S, St> {
    pub(crate) const fn new(inner: S, limiter: Arc<Limiter<St>>) -> Self {
        Self { inner, limiter }
    }

    /// The service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside.
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
        match self.limiter.rule(&mut request) {
            Ok(Ok(after)) => ResponseFuture::call(self.inner.call(request), after),
            Ok(Err(denial)) => ResponseFuture::answer(denial),
            Err((_, never)) => never.cannot_be(),
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
    type Future = ResponseFuture<S::Future, Waiting<S, B, St>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.limiter.rule(&mut request) {
            Ok(Ok(after)) => ResponseFuture::call(self.inner.call(request), after),
            Ok(Err(denial)) => ResponseFuture::answer(denial),
            Err((pending, answer)) => {
                // The one that was polled ready waits; a clone has to become ready again.
                let unready = self.inner.clone();
                let ready = mem::replace(&mut self.inner, unready);
                ResponseFuture::wait(Waiting::new(answer, pending, ready, request))
            }
        }
    }
}
