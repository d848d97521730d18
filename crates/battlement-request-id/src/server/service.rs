use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseBody, ResponseFuture, config::Config};
use crate::scoped::Scope;

/// A service that assigns an id to every request, created by [`RequestIdLayer`](crate::RequestIdLayer).
#[derive(Clone, Debug)]
pub struct RequestIdService<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> RequestIdService<S> {
    pub(super) const fn new(inner: S, config: Arc<Config>) -> Self {
        Self { inner, config }
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

impl<S, B, RB> Service<Request<B>> for RequestIdService<S>
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
        if !self.config.enabled {
            return ResponseFuture::passing(self.inner.call(request));
        }
        let (facts, span) = self.config.admit(&mut request);
        let mut scope = Scope::new(Some(facts), span);
        let future = scope.within(|| self.inner.call(request));
        ResponseFuture::identified(Arc::clone(&self.config), scope, future)
    }
}
