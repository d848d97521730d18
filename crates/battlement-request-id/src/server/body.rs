use std::{
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::scoped::Scoped;

pin_project! {
    /// A response body that is polled, and dropped, with the id of its request as the current one.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        scoped: Scoped<B>,
    }
}

impl<B> ResponseBody<B> {
    pub(super) const fn new(scoped: Scoped<B>) -> Self {
        Self { scoped }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().scoped.poll_with(|body| body.poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.scoped.get().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.scoped.get().map(Body::size_hint).unwrap_or_default()
    }
}
