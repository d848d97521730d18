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

/// The default of the inner body, without an id.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::new(Scoped::new(None, B::default()))
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
