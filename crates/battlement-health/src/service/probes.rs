use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::ResponseBody;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ResponseFuture, answer::answer, config::Config};

/// A service whose probes are answered in front of it, created by [`HealthLayer`](crate::HealthLayer).
#[derive(Clone)]
pub struct HealthProbes<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> HealthProbes<S> {
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

    /// Answers a request for a probe.
    #[cold]
    fn answer<B>(&self, request: &Request<B>) -> Option<Response<Bytes>> {
        let found = self.config.targets.find(request.uri().path())?;
        self.config.enabled.then(|| answer(&self.config, request, Some(found)))
    }
}

impl<S, B, RB> Service<Request<B>> for HealthProbes<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
    RB: Body<Data: From<Bytes>>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        if self.config.targets.may_contain(request.uri().path())
            && let Some(answer) = self.answer(&request)
        {
            return ResponseFuture::answered(answer);
        }
        ResponseFuture::passing(self.inner.call(request))
    }
}

impl<S: fmt::Debug> fmt::Debug for HealthProbes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthProbes").field("inner", &self.inner).finish_non_exhaustive()
    }
}
