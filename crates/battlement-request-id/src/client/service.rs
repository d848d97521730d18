use std::task::{Context, Poll};

use battlement_core::{CallFacts, RequestFacts};
use http::Request;
use tower_service::Service;

use super::PropagateLayer;

/// A service that adds the id of the current request to calls, created by [`PropagateLayer`].
#[derive(Clone, Debug)]
pub struct Propagate<S> {
    inner: S,
    layer: PropagateLayer,
}

impl<S> Propagate<S> {
    pub(super) const fn new(inner: S, layer: PropagateLayer) -> Self {
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

impl<S, B> Service<Request<B>> for Propagate<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let facts = CallFacts::of(&request);
        if RequestFacts::of(&request).is_some() {
            self.layer.overwrite(&facts, request.headers_mut());
        } else {
            self.layer.write(&facts, request.headers_mut());
        }
        self.inner.call(request)
    }
}

#[cfg(feature = "reqwest")]
impl<S> Service<reqwest::Request> for Propagate<S>
where
    S: Service<reqwest::Request>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: reqwest::Request) -> S::Future {
        self.layer.write(&CallFacts::current(), request.headers_mut());
        self.inner.call(request)
    }
}
