use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::ErrorType;
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{ResponseBody, ticket::Ticket};

pin_project! {
    /// Future returned by a [`Metrics`](crate::Metrics) service.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // Absent for a request that is not counted. A ticket that is dropped with the future records the request as
        // dropped.
        ticket: Option<Ticket>,
    }
}

impl<F> ResponseFuture<F> {
    /// Wraps the future of the inner service and records its outcome in `ticket`.
    #[inline]
    pub(crate) const fn counting(inner: F, ticket: Option<Ticket>) -> Self {
        Self { inner, ticket }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(ticket) = this.ticket else {
            return this.inner.poll(cx).map_ok(|response| response.map(ResponseBody::passing));
        };
        ticket.enter();
        let polled = this.inner.poll(cx);
        ticket.leave();
        Poll::Ready(match ready!(polled) {
            Ok(response) => {
                let kind = ticket.answered(&response);
                let ticket = this.ticket.take();
                Ok(response.map(|body| ResponseBody::of(body, kind, ticket)))
            }
            Err(error) => {
                let error_type = ErrorType::of_error(&error);
                this.ticket.take().into_iter().for_each(|ticket| ticket.failed(error_type));
                Err(error)
            }
        })
    }
}
