use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{ResponseBody, ResponseFuture, layer::Role, ticket::Ticket};

/// A service that records metrics of requests or calls. Created by [`MetricsLayer`](crate::MetricsLayer).
#[derive(Clone, Debug)]
pub struct Metrics<S> {
    inner: S,
    role: Arc<Role>,
}

impl<S> Metrics<S> {
    pub(crate) const fn new(inner: S, role: Arc<Role>) -> Self {
        Self { inner, role }
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

    pub(crate) fn open<B>(&self, request: &mut Request<B>) -> Option<Ticket> {
        let Role { metrics, side, client, enabled } = &*self.role;
        match *client {
            _ if !enabled => None,
            Some(client) => Some(Ticket::of_call(metrics.pinned(), *side, client, request)),
            None => Ticket::of_request(metrics.pinned(), *side, request),
        }
    }
}

impl<S, B, RB> Service<Request<B>> for Metrics<S>
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
        let mut ticket = self.open(&mut request);
        let calling = Calling(&mut ticket);
        let inner = self.inner.call(request);
        mem::forget(calling);
        ResponseFuture::counting(inner, ticket)
    }
}

/// A guard for the call of the inner service. If it is dropped rather than forgotten, the service has panicked.
pub(crate) struct Calling<'a>(pub(crate) &'a mut Option<Ticket>);

impl Drop for Calling<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.0 {
            ticket.enter();
        }
    }
}
