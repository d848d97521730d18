use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{ResponseBody, ResponseFuture, Server, config::Config, ticket::Ticket};

/// A service that writes one record per request. Created by [`AccessLogLayer`](crate::AccessLogLayer).
pub struct AccessLog<S, K = Server> {
    inner: S,
    config: Arc<Config>,
    side: PhantomData<fn() -> K>,
}

impl<S, K> AccessLog<S, K> {
    pub(crate) const fn new(inner: S, config: Arc<Config>) -> Self {
        Self { inner, config, side: PhantomData }
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

    #[cfg(feature = "reqwest")]
    pub(crate) fn is_on(&self) -> bool {
        self.config.is_on()
    }

    /// Opens a ticket, if a record could be written now.
    #[inline]
    pub(crate) fn open<B>(&self, request: &mut Request<B>) -> Option<Ticket> {
        match &self.config.client {
            _ if !self.config.is_on() => None,
            Some(_) => Some(Ticket::of_call(&self.config, request)),
            None => Ticket::of_request(&self.config, request),
        }
    }
}

impl<S: Clone, K> Clone for AccessLog<S, K> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), Arc::clone(&self.config))
    }
}

impl<S: fmt::Debug, K> fmt::Debug for AccessLog<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, config, .. } = self;
        f.debug_struct("AccessLog").field("inner", inner).field("config", config).finish()
    }
}

impl<S, K, B, RB> Service<Request<B>> for AccessLog<S, K>
where
    S: Service<Request<B>, Response = Response<RB>, Error: 'static>,
    RB: Body,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(mut ticket) = self.open(&mut request) else {
            return ResponseFuture::passing(self.inner.call(request));
        };
        let inner = ticket.calling(|| self.inner.call(request));
        ResponseFuture::recording(inner, ticket)
    }
}
