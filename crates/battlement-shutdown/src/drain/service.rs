use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::RequestFacts;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{ResponseBody, ResponseFuture, config::Config, cut_off::BoxError, ticket::Ticket};

/// A service whose requests a drain waits for, created by [`DrainLayer`](crate::DrainLayer).
#[derive(Clone)]
pub struct Drain<S> {
    inner: S,
    config: Arc<Config>,
}

impl<S> Drain<S> {
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

impl<S, B, RB> Service<Request<B>> for Drain<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
    RB: Body<Data: From<Bytes>, Error: Into<BoxError>>,
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
        if !self.config.enabled {
            return ResponseFuture::passing(self.inner.call(request));
        }
        // The request is changed in a function of its own, since it would be copied here otherwise.
        let Some(facts) = RequestFacts::of(&request) else {
            let request = with_facts(request);
            return self.call(request);
        };
        let ticket = Ticket::open(&self.config, facts.clone(), &request);
        if self.config.rejects() {
            return ResponseFuture::rejected(ticket);
        }
        ResponseFuture::running(self.inner.call(request), ticket)
    }
}

/// Creates the facts of a request, which no outer layer has.
#[cold]
fn with_facts<B>(mut request: Request<B>) -> Request<B> {
    let _ = RequestFacts::of_or_start(&mut request);
    request
}

impl<S: fmt::Debug> fmt::Debug for Drain<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("inner", &self.inner).finish_non_exhaustive()
    }
}
