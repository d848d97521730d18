use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of the service's response, or a small buffered one instead.
    ///
    /// The body has the data and error types of `B`, so that a layer that may respond itself changes neither.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<B> {
        Inner { #[pin] body: B },
        Own { bytes: Option<Bytes> },
    }
}

impl<B> ResponseBody<B> {
    /// Wraps the body of the service.
    pub const fn inner(body: B) -> Self {
        Self { state: State::Inner { body } }
    }

    /// Creates a body of `bytes`.
    #[must_use]
    pub fn own(bytes: Bytes) -> Self {
        Self { state: State::Own { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()) } }
    }

    /// Returns the bytes of a body of this crate's own.
    #[cfg(feature = "reqwest")]
    pub(crate) fn into_own(self) -> Bytes {
        match self.state {
            State::Own { bytes } => bytes.unwrap_or_default(),
            State::Inner { .. } => Bytes::new(),
        }
    }

    /// Creates an empty body.
    #[must_use]
    pub const fn empty() -> Self {
        Self { state: State::Own { bytes: None } }
    }
}

/// An empty body for any `B`, so that layers that respond with a default body can be applied further out.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().state.project() {
            StateProj::Inner { body } => body.poll_frame(cx),
            StateProj::Own { bytes } => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes.into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Inner { body } => body.is_end_stream(),
            State::Own { bytes } => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Inner { body } => body.size_hint(),
            State::Own { bytes } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[test]
    fn the_default_body_is_empty() {
        let body = ResponseBody::<Full<Bytes>>::default();
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
    }
}
