use std::{
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::ResponseBody;
use http::{Request, Response};
use tower_service::Service;

use crate::{
    ResponseFuture,
    limiter::{Limiter, Ruled},
};

/// Limits how much each key may ask. Made by [`RateLimitLayer`](crate::RateLimitLayer).
#[derive(Clone, Debug)]
pub struct RateLimit<S> {
    inner: S,
    limiter: Arc<Limiter>,
}

impl<S> RateLimit<S> {
    pub(crate) const fn new(inner: S, limiter: Arc<Limiter>) -> Self {
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
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.limiter.rule(&mut request) {
            Ruled::Pass => ResponseFuture::passing(self.inner.call(request)),
            Ruled::Admit(admitted) => ResponseFuture::admitted(self.inner.call(request), admitted),
            Ruled::Deny(denial) => ResponseFuture::denied(denial),
        }
    }
}
