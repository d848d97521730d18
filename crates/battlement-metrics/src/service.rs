use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::{
    HttpMetrics, ResponseBody, ResponseFuture, names::Subject, side::Side, ticket::Ticket,
};

/// Counts requests or calls. Made by [`MetricsLayer`](crate::MetricsLayer).
#[derive(Clone, Debug)]
pub struct Metrics<S> {
    inner: S,
    // Absent where the layer is switched off.
    metrics: Option<HttpMetrics>,
    side: Side,
    client: Option<Subject>,
}

impl<S> Metrics<S> {
    pub(crate) const fn new(
        inner: S,
        metrics: Option<HttpMetrics>,
        side: Side,
        client: Option<Subject>,
    ) -> Self {
        Self { inner, metrics, side, client }
    }

    /// The service inside.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The service inside.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The service inside.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn open<B>(&self, request: &mut Request<B>) -> Option<Ticket> {
        let metrics = self.metrics.as_ref()?;
        match self.client {
            Some(client) => Some(Ticket::of_call(metrics.pinned(), self.side, client, request)),
            None => Ticket::of_request(metrics.pinned(), self.side, request),
        }
    }
}

impl<S, B, RB> Service<Request<B>> for Metrics<S>
where
    S: Service<Request<B>, Response = Response<RB>>,
    RB: Body,
{
    type Response = Response<ResponseBody<RB>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let ticket = self.open(&mut request);
        // Where this panics, the ticket is dropped, and counts it.
        let inner = self.inner.call(request);
        ResponseFuture::counting(inner, ticket)
    }
}
