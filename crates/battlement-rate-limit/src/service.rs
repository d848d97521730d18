use std::{
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::ResponseBody;
use http::{Request, Response};
use tower_service::Service;

use crate::{
    Admit, Memory, Outcome, ResponseFuture, Store,
    admission::{Admission, Hold},
    limiter::Limiter,
};

/// A service that limits the requests of each key, created by [`RateLimitLayer`](crate::RateLimitLayer).
///
/// With a store that answers at once ([`Now`](crate::Now)), such as [`Memory`], the inner service has no further bounds.
/// With any other store, it must be `Clone`: a request that waits for the store keeps the service that was polled ready
/// for it, and a clone takes its place.
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

impl<S, B, RB, St> Service<Request<B>> for RateLimit<S, St>
where
    S: Service<Request<B>, Response = Response<RB>>,
    St: Store,
    St::Answer<Outcome>: Admit<S, B, St>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, <St::Answer<Outcome> as Admit<S, B, St>>::Waiting>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.limiter.decide(&mut request, <St::Answer<Outcome> as Admit<S, B, St>>::decide) {
            Admission::Pass(on_response) => {
                ResponseFuture::call(self.inner.call(request), on_response)
            }
            Admission::Hold(Hold::Reject(rejected)) => ResponseFuture::reject(rejected),
            Admission::Hold(Hold::Wait(wait)) => {
                let wait = <St::Answer<Outcome>>::wait(wait, &mut self.inner, request);
                ResponseFuture::wait(wait)
            }
        }
    }
}
