use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Buf as _;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

/// The most frames that are read ahead: a body of empty frames has no end and no bytes.
const MOST_FRAMES: usize = 64;

/// A frame or the error of a body.
type Item<B> = Result<Frame<<B as Body>::Data>, <B as Body>::Error>;

pin_project! {
    /// The body of a response, of which the layer may have read the first frames.
    ///
    /// The caller gets them as they came. Size hint and end of the stream are those of the body as it was.
    pub struct RetryBody<B: Body> {
        // The frames that were read; boxed, since most bodies have none.
        read: Option<Box<VecDeque<Item<B>>>>,
        // `None` if the body was read to its end.
        #[pin]
        rest: Option<B>,
    }
}

impl<B: Body> RetryBody<B> {
    pub(super) const fn new(body: B) -> Self {
        Self { read: None, rest: Some(body) }
    }

    /// Returns the last frame that was read.
    pub(super) fn last_read(&self) -> Option<&Item<B>> {
        self.read.as_ref()?.back()
    }

    /// Returns whether the body was read to its end.
    pub(super) const fn is_read(&self) -> bool {
        self.rest.is_none()
    }

    fn has_failed(&self) -> bool {
        matches!(self.last_read(), Some(Err(_)))
    }

    /// Returns the bytes of the frames that were read.
    fn data(&self) -> u64 {
        let read = self.read.iter().flat_map(|read| read.iter());
        let lengths = read
            .filter_map(|item| item.as_ref().ok()?.data_ref().map(|data| data.remaining() as u64));
        lengths.fold(0, u64::saturating_add)
    }
}

impl<B: Body + Unpin> RetryBody<B> {
    /// Reads one frame ahead. Returns whether there was one, or an error.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(false) };
        let Poll::Ready(item) = Pin::new(rest).poll_frame(cx) else { return Poll::Pending };
        let is_end = !matches!(&item, Some(Ok(_)));
        let is_item = item.is_some();
        if let Some(item) = item {
            self.read.get_or_insert_default().push_back(item);
        }
        if is_end || self.rest.as_ref().is_some_and(Body::is_end_stream) {
            self.rest = None;
        }
        Poll::Ready(is_item)
    }

    /// Reads the body to its end, if it has at most `most` bytes, few frames and no error. Returns whether it did.
    pub(super) fn poll_read_all(&mut self, most: u64, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            let frames = self.read.as_ref().map_or(0, |read| read.len());
            if self.has_failed() || frames > MOST_FRAMES || self.data() > most {
                return Poll::Ready(false);
            }
            if self.is_read() {
                return Poll::Ready(true);
            }
            std::task::ready!(self.poll_read(cx));
        }
    }
}

impl<B: Body> Body for RetryBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<B>>> {
        let this = self.project();
        if let Some(item) = this.read.as_mut().and_then(|read| read.pop_front()) {
            return Poll::Ready(Some(item));
        }
        this.rest.as_pin_mut().map_or(Poll::Ready(None), |rest| rest.poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.read.as_ref().is_none_or(|read| read.is_empty())
            && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        if self.read.is_none() {
            return rest;
        }
        let read = self.data();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(read));
        // A body that failed has no length: with an exact one, a server would not read as far as the error.
        if self.has_failed() {
            return hint;
        }
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(read)) {
            hint.set_upper(upper);
        }
        hint
    }
}

impl<B: Body + Default> Default for RetryBody<B> {
    fn default() -> Self {
        Self::new(B::default())
    }
}

impl<B: Body> fmt::Debug for RetryBody<B> {
    // The data of a response is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBody").finish_non_exhaustive()
    }
}
