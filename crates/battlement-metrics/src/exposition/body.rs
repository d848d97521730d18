use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// The body of a page: one frame, or none.
#[derive(Debug, Default)]
pub struct PageBody(Bytes);

impl From<Bytes> for PageBody {
    fn from(page: Bytes) -> Self {
        Self(page)
    }
}

impl Body for PageBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let page = std::mem::take(&mut self.0);
        Poll::Ready((!page.is_empty()).then(|| Ok(Frame::data(page))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.len() as u64)
    }
}
