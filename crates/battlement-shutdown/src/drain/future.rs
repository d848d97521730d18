use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{BodyKind, DropReason, dropping};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use super::{ResponseBody, ticket::Ticket};

pin_project! {
    /// The future of a [`Drain`](crate::Drain).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        // `None` if the request was rejected or cut off. Dropped before the ticket, which counts the work.
        #[pin]
        pub(super) inner: Option<F>,
        // `None` if the layer is disabled, and once the response was returned.
        pub(super) ticket: Option<Ticket>,
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(inner) = this.inner.as_mut().as_pin_mut() else {
            let ticket = this.ticket.take().expect("`ResponseFuture` polled after completion");
            return Poll::Ready(Ok(*ticket.rejected()));
        };
        match inner.poll(cx) {
            Poll::Ready(Ok(response)) => {
                // In parts, since each conversion of a whole response moves it.
                let (mut head, body) = response.into_parts();
                let ticket = this.ticket.as_mut();
                let kind = ticket.map_or(BodyKind::Open, |it| it.answered(&mut head, &body));
                let body = ResponseBody::of(body, kind, this.ticket);
                Poll::Ready(Ok(Response::from_parts(head, body)))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                if !this.ticket.as_mut().is_some_and(|ticket| ticket.waits(cx.waker())) {
                    return Poll::Pending;
                }
                let ticket = this.ticket.take().expect("the ticket has just been read");
                ticket.note_cut_off();
                dropping(DropReason::Shutdown, || this.inner.set(None));
                Poll::Ready(Ok(*ticket.cut_off()))
            }
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
