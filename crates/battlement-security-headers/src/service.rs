use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use crate::{ResponseFuture, nonce::Offer, template::Template, variant::Variant};

/// A service that adds security headers to every response, created by
/// [`SecurityHeadersLayer`](crate::SecurityHeadersLayer).
#[derive(Clone, Debug)]
pub struct SecurityHeaders<S> {
    inner: S,
    template: Arc<Template>,
}

impl<S> SecurityHeaders<S> {
    pub(crate) const fn new(inner: S, template: Arc<Template>) -> Self {
        Self { inner, template }
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

impl<S, B, RB> Service<Request<B>> for SecurityHeaders<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = Response<RB>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if !self.template.config.enabled {
            return ResponseFuture::passing(self.inner.call(request));
        }
        let variant = Variant::of(&request);
        let wants_nonce = self.template.wants_nonce && !variant.grpc;
        let nonce = wants_nonce.then(|| Offer::to(request.extensions_mut()));
        let template = Arc::clone(&self.template);
        ResponseFuture::writing(self.inner.call(request), template, variant, nonce)
    }
}
