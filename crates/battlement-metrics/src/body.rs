use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{BodyKind, EndBody};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::ticket::Ticket;

pin_project! {
    /// A response body that records its request when it ends or is dropped.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: EndBody<B, Ticket>,
    }
}

impl<B: Body> ResponseBody<B> {
    pub(crate) const fn passing(body: B) -> Self {
        Self { inner: EndBody::passing(body) }
    }

    /// Creates a body that reports its end to `ticket`, if there is one.
    #[inline]
    pub(crate) fn of(body: B, kind: BodyKind, ticket: Option<Ticket>) -> Self {
        match ticket {
            Some(ticket) => Self { inner: EndBody::new(body, kind, ticket) },
            None => Self::passing(body),
        }
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

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
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
