use std::{
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{Caller, ResponseBody};
use http::{Request, Response};
use tower_service::Service;

use super::{FetchMetadataFuture, layer::Policy};

/// A service that rejects requests from pages of other sites, created by
/// [`FetchMetadataLayer`](crate::FetchMetadataLayer).
#[derive(Clone, Debug)]
pub struct FetchMetadata<S> {
    inner: S,
    policy: Arc<Policy>,
}

impl<S> FetchMetadata<S> {
    pub(super) const fn new(inner: S, policy: Arc<Policy>) -> Self {
        Self { inner, policy }
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

impl<S, B, RB> Service<Request<B>> for FetchMetadata<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = FetchMetadataFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if !self.policy.enabled {
            return FetchMetadataFuture::passing(self.inner.call(request));
        }
        let (parts, body) = request.into_parts();
        if !self.policy.allows(&parts) {
            if !self.policy.report_only {
                let caller = Caller::of_head(&parts.method, parts.version, &parts.headers);
                return FetchMetadataFuture::rejecting(caller);
            }
            if let Some(suppressed) = self.policy.log.admit() {
                let (method, path) = (&parts.method, parts.uri.path());
                tracing::warn!(
                    %method,
                    path,
                    suppressed,
                    "a request from a page of another site would be rejected; exempt its path if it is meant to pass"
                );
            }
        }
        FetchMetadataFuture::passing(self.inner.call(Request::from_parts(parts, body)))
    }
}
