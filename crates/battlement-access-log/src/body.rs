use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::EndBody;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::ticket::Ticket;

pin_project! {
    /// A response body that writes the record of its request when it ends or is dropped.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: EndBody<B, Ticket>,
    }
}

impl<B: Body> ResponseBody<B> {
    #[inline]
    pub(crate) const fn passing(body: B) -> Self {
        Self { inner: EndBody::passing(body) }
    }

    /// Wraps the body of a response whose end `ticket` records.
    pub(crate) fn recording(response: Response<B>, mut ticket: Ticket) -> Response<Self> {
        let kind = ticket.answered(&response);
        response.map(|body| Self { inner: EndBody::new(body, kind, ticket) })
    }
}

impl<B: Body + Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::passing(B::default())
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut inner = self.project().inner;
        if let Some(ticket) = inner.as_mut().on_end() {
            ticket.enter();
        }
        let polled = inner.as_mut().poll_frame(cx);
        // A ticket that the end of the body has consumed has counted the poll.
        if let Some(ticket) = inner.on_end() {
            ticket.leave();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;

    #[test]
    fn the_default_body_is_the_default_of_the_inner_body() {
        let body = ResponseBody::<Full<Bytes>>::default();
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}
