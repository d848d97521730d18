use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{BodyKind, EndBody};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::ticket::Ticket;

pin_project! {
    /// A response body whose end is the request's.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: Inner<B>,
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum Inner<B> {
        Passing { #[pin] body: B },
        Counting { #[pin] body: EndBody<B, Ticket> },
    }
}

impl<B: Body> ResponseBody<B> {
    pub(crate) const fn passing(body: B) -> Self {
        Self { inner: Inner::Passing { body } }
    }

    pub(crate) fn counting(body: B, kind: BodyKind, ticket: Ticket) -> Self {
        Self { inner: Inner::Counting { body: EndBody::new(body, kind, ticket) } }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().inner.project() {
            Projected::Passing { body } => body.poll_frame(cx),
            Projected::Counting { body } => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Passing { body } => body.is_end_stream(),
            Inner::Counting { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Passing { body } => body.size_hint(),
            Inner::Counting { body } => body.size_hint(),
        }
    }
}
