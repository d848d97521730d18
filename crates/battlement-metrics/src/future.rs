use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::{ResponseBody, asked::Asked, ticket::Ticket};

pin_project! {
    /// The future of a [`Metrics`](crate::Metrics) service.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // Absent where nothing is counted. Dropped with the future, it counts the request as dropped.
        ticket: Option<Ticket>,
        asked: Asked,
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) const fn passing(inner: F) -> Self {
        Self { inner, ticket: None, asked: Asked::Other }
    }

    /// Calls while `ticket` is held, so that a call that panics is counted.
    pub(crate) fn counting(mut ticket: Ticket, asked: Asked, call: impl FnOnce() -> F) -> Self {
        let inner = ticket.during(call);
        Self { inner, ticket: Some(ticket), asked }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(ticket) = this.ticket else {
            return this.inner.poll(cx).map_ok(|response| response.map(ResponseBody::passing));
        };
        let result = ready!(ticket.during(|| this.inner.poll(cx)));
        let ticket = this.ticket.take();
        Poll::Ready(match (result, ticket) {
            (Ok(response), Some(ticket)) => Ok(ticket.answered(*this.asked, response)),
            (Ok(response), None) => Ok(response.map(ResponseBody::passing)),
            (Err(error), ticket) => {
                ticket.into_iter().for_each(Ticket::failed);
                Err(error)
            }
        })
    }
}
