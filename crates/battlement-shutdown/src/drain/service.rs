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
        // Nothing here takes the request by value but the service, since it would be copied.
        let ticket = match RequestFacts::of(&request) {
            _ if !self.config.enabled => None,
            Some(facts) => Some(Ticket::open(&self.config, facts.clone(), &request)),
            None => return self.call_without_facts(request),
        };
        if self.rejects(&ticket) {
            return ResponseFuture { inner: None, ticket };
        }
        ResponseFuture { inner: Some(self.inner.call(request)), ticket }
    }
}

impl<S> Drain<S> {
    /// Calls the service with a request whose facts no outer layer has created.
    #[cold]
    fn call_without_facts<B>(&mut self, mut request: Request<B>) -> ResponseFuture<S::Future>
    where
        S: Service<Request<B>>,
    {
        let facts = RequestFacts::of_or_start(&mut request);
        let ticket = Some(Ticket::open(&self.config, facts, &request));
        if self.rejects(&ticket) {
            return ResponseFuture { inner: None, ticket };
        }
        ResponseFuture { inner: Some(self.inner.call(request)), ticket }
    }

    #[inline]
    fn rejects(&self, ticket: &Option<Ticket>) -> bool {
        ticket.is_some() && self.config.rejects()
    }
}

impl<S: fmt::Debug> fmt::Debug for Drain<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("inner", &self.inner).finish_non_exhaustive()
    }
}
