use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};
use http_body::{Body, Frame, SizeHint};

use super::{BoxError, reader::Reader};

/// The body of one attempt at a request, made by [`Replay`](crate::Replay).
///
/// The size hint and the end of the stream are as exact as those of the original body, on each attempt. Trailers are
/// kept. The frames of data are those of the original body, except that empty frames are not sent again.
pub struct ReplayBody<B> {
    of: Of<B>,
}

enum Of<B> {
    /// A body that is not kept.
    Once(B),
    /// The only frame, until it is read.
    Whole(Option<Bytes>),
    Reader(Reader<B>),
}

impl<B> ReplayBody<B> {
    /// Wraps a body that is sent only once.
    #[must_use]
    pub const fn once(body: B) -> Self {
        Self { of: Of::Once(body) }
    }

    pub(super) const fn whole(data: Option<Bytes>) -> Self {
        Self { of: Of::Whole(data) }
    }

    pub(super) const fn reader(reader: Reader<B>) -> Self {
        Self { of: Of::Reader(reader) }
    }
}

impl<B> Body for ReplayBody<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.of {
            Of::Once(body) => Pin::new(body).poll_frame(cx).map(|frame| {
                frame.map(|frame| {
                    let frame = frame.map_err(Into::into)?;
                    Ok(frame.map_data(|mut data| data.copy_to_bytes(data.remaining())))
                })
            }),
            Of::Whole(data) => Poll::Ready(data.take().map(|data| Ok(Frame::data(data)))),
            Of::Reader(reader) => reader.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.of {
            Of::Once(body) => body.is_end_stream(),
            Of::Whole(data) => data.is_none(),
            Of::Reader(reader) => reader.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.of {
            Of::Once(body) => body.size_hint(),
            Of::Whole(data) => {
                SizeHint::with_exact(data.as_ref().map_or(0, |data| data.len() as u64))
            }
            Of::Reader(reader) => reader.size_hint(),
        }
    }
}

impl<B: Default> Default for ReplayBody<B> {
    fn default() -> Self {
        Self::once(B::default())
    }
}

impl<B> fmt::Debug for ReplayBody<B> {
    // The data of a request is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").finish_non_exhaustive()
    }
}
