use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::RequestFacts;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tower_service::Service;

use super::{
    ResponseBody, ResponseFuture, config::Config, cut_off::BoxError, sender::Sender, ticket::Ticket,
};

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
        // No reference to the request leaves this function, since the request would be copied.
        let facts = match self.is_plain(request.method()) {
            true => RequestFacts::of(&request).cloned(),
            false => None,
        };
        let Some(facts) = facts else { return self.call_any(request) };
        let sender = Sender::plain(request.method(), request.version());
        let ticket = Some(Ticket::open(&self.config, facts, sender));
        ResponseFuture { inner: Some(self.inner.call(request)), ticket }
    }
}

impl<S> Drain<S> {
    /// Returns whether a request is passed on without a look at its headers.
    #[inline]
    fn is_plain(&self, method: &Method) -> bool {
        self.config.serves && !matches!(*method, Method::POST)
    }

    /// Calls the service with any request, or rejects the request.
    #[inline(never)]
    fn call_any<B>(&mut self, mut request: Request<B>) -> ResponseFuture<S::Future>
    where
        S: Service<Request<B>>,
    {
        if !self.config.enabled {
            return ResponseFuture { inner: Some(self.inner.call(request)), ticket: None };
        }
        let facts = RequestFacts::of_or_start(&mut request);
        let ticket = Some(Ticket::open(&self.config, facts, Sender::of(&request)));
        if self.config.rejects() {
            return ResponseFuture { inner: None, ticket };
        }
        ResponseFuture { inner: Some(self.inner.call(request)), ticket }
    }
}

impl<S: fmt::Debug> fmt::Debug for Drain<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("inner", &self.inner).finish_non_exhaustive()
    }
}
