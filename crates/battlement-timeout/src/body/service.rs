use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{DefaultReject, Reject, RequestFacts, StreamKind};
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    future::{BodyTimeoutFuture, Upload},
    layer::BodyTimeoutLayer,
    signal::BodyId,
    timeout_body::TimeoutBody,
    watch::{Role, Watch},
};

/// A service that limits the time that bodies take, created by [`BodyTimeoutLayer`](crate::BodyTimeoutLayer).
pub struct BodyTimeout<S, A = DefaultReject> {
    inner: S,
    layer: BodyTimeoutLayer<A>,
}

impl<S, A> BodyTimeout<S, A> {
    pub(super) const fn new(inner: S, layer: BodyTimeoutLayer<A>) -> Self {
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

    /// Returns whether the limits of request bodies apply to `request`.
    fn limits<B: Body>(&self, request: &Request<B>) -> bool {
        let config = self.layer.config();
        !request.body().is_end_stream()
            && !config.request.is_empty()
            && config.limits(StreamKind::of_request(request.method(), request.headers()))
    }
}

impl<S, A, B, X> Service<Request<B>> for BodyTimeout<S, A>
where
    S: Service<Request<TimeoutBody<B>>>,
    A: Reject<Request<B>, S::Response, S::Error, Response = Response<X>>,
    B: Body,
    X: Body,
{
    type Response = Response<TimeoutBody<X>>;
    type Error = A::Error;
    type Future = BodyTimeoutFuture<S, B, A>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        self.inner.poll_ready(cx).map_err(A::error)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let config = self.layer.config();
        if !config.enabled {
            let request = request.map(|body| TimeoutBody::new(body, || None));
            return BodyTimeoutFuture::passing(self.inner.call(request));
        }
        let config = Arc::clone(config);
        let facts = RequestFacts::of(&request).cloned();
        let upload = self.limits(&request).then(|| {
            let (id, caller) = (BodyId::next(), A::stalled_caller(&request));
            Upload { id, caller }
        });
        let watch = upload
            .as_ref()
            .map(|upload| Watch::new(Role::Request(upload.id), facts.clone(), Arc::clone(&config)));
        let is_tunnel = *request.method() == http::Method::CONNECT;
        let request = request.map(|body| TimeoutBody::new(body, || watch));
        let inner = self.inner.call(request);
        let config = Some(config).filter(|_| !is_tunnel);
        BodyTimeoutFuture::new(inner, upload, facts, config)
    }
}

impl<S: Clone, A> Clone for BodyTimeout<S, A> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}

impl<S: fmt::Debug, A> fmt::Debug for BodyTimeout<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyTimeout").field("inner", &self.inner).finish_non_exhaustive()
    }
}
