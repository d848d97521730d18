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
    /// Future returned by an [`AccessLog`](crate::AccessLog) service.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // Absent for a request that is not recorded. A ticket that is dropped with the future records the request as
        // dropped.
        ticket: Option<Ticket>,
    }
}

impl<F> ResponseFuture<F> {
    #[inline]
    pub(crate) const fn passing(inner: F) -> Self {
        Self { inner, ticket: None }
    }

    pub(crate) const fn recording(inner: F, ticket: Ticket) -> Self {
        Self { inner, ticket: Some(ticket) }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
    E: 'static,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(ticket) = this.ticket else {
            return this.inner.poll(cx).map_ok(|response| response.map(ResponseBody::passing));
        };
        ticket.enter();
        let polled = this.inner.poll(cx);
        if polled.is_pending() {
            ticket.leave();
        }
        let result = ready!(polled);
        Poll::Ready(match (result, this.ticket.take()) {
            (Ok(response), Some(ticket)) => Ok(ResponseBody::recording(response, ticket)),
            (Ok(response), None) => Ok(response.map(ResponseBody::passing)),
            (Err(error), ticket) => {
                let error_type = ErrorType::of_error(&error);
                ticket.into_iter().for_each(|ticket| ticket.failed(error_type));
                Err(error)
            }
        })
    }
}
