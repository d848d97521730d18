use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response, of the inner service or of the service that is its fallback.
    pub struct FallbackBody<B, F> {
        #[pin]
        of: Of<B, F>,
    }
}

pin_project! {
    #[project = OfProj]
    enum Of<B, F> {
        Inner { #[pin] body: B },
        Fallback { #[pin] body: F },
    }
}

impl<B, F> FallbackBody<B, F> {
    pub(super) const fn inner(body: B) -> Self {
        Self { of: Of::Inner { body } }
    }

    pub(super) const fn fallback(body: F) -> Self {
        Self { of: Of::Fallback { body } }
    }
}

impl<B, F> Body for FallbackBody<B, F>
where
    B: Body,
    F: Body<Data = B::Data, Error: Into<B::Error>>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match self.project().of.project() {
            OfProj::Inner { body } => body.poll_frame(cx),
            OfProj::Fallback { body } => {
                body.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.of {
            Of::Inner { body } => body.is_end_stream(),
            Of::Fallback { body } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.of {
            Of::Inner { body } => body.size_hint(),
            Of::Fallback { body } => body.size_hint(),
        }
    }
}

impl<B: Default, F> Default for FallbackBody<B, F> {
    fn default() -> Self {
        Self::inner(B::default())
    }
}

impl<B, F> fmt::Debug for FallbackBody<B, F> {
    // The data of a response is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FallbackBody").finish_non_exhaustive()
    }
}
