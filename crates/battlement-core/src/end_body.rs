use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Buf;
use http::{HeaderMap, Method, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::Ending;

/// What is to happen while a body passes and when it has ended.
///
/// [`end`](Self::end) may run inside a `Drop` while a panic unwinds, so it must not panic.
pub trait OnEnd {
    /// A frame of data was handed over, of which `bytes` bytes belong to the answer: none of a body that is
    /// [`BodyKind::Absent`], and none beyond a declared length.
    fn data(&mut self, bytes: usize) {
        let _ = bytes;
    }

    /// The body has ended. `trailers` are there if and only if `ending` is [`Ending::Trailers`].
    fn end(self, ending: Ending, trailers: Option<&HeaderMap>);
}

impl<F: FnOnce(Ending, Option<&HeaderMap>)> OnEnd for F {
    fn end(self, ending: Ending, trailers: Option<&HeaderMap>) {
        self(ending, trailers);
    }
}

/// What a server will do with the body of an answer, which its bytes alone do not tell.
///
/// hyper drops the bodies of answers to HEAD and of 204 and 304 without a single poll, even when
/// `is_end_stream` is still false, and drops one with a content-length after its last byte without
/// asking for more. Seen from the body, each looks like a caller that went away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyKind {
    /// None is sent: an answer to HEAD, 1xx, 204, 304, or a tunnel that took the connection over.
    Absent,
    /// So many bytes, after which nobody may ask for more.
    Sized(u64),
    /// Until it says so itself.
    Open,
}

impl BodyKind {
    /// Reads the kind off an answer and the method that asked for it.
    pub fn of<B: Body>(method: &Method, response: &Response<B>) -> Self {
        if is_absent(method, response.status()) {
            return Self::Absent;
        }
        let declared = match response.headers().get(header::CONTENT_LENGTH) {
            Some(value) => value.to_str().ok().and_then(|text| text.parse().ok()),
            None => response.body().size_hint().exact(),
        };
        declared.map_or(Self::Open, Self::Sized)
    }
}

/// RFC 9110, sections 6.4.1 and 9.3.6.
fn is_absent(method: &Method, status: StatusCode) -> bool {
    *method == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        || (*method == Method::CONNECT && status.is_success())
}

pin_project! {
    /// A body that tells exactly once how it ended.
    ///
    /// `T` is owned by the body and given up at its end: whatever must come back when a request is
    /// over (a permit, a count, a probe) belongs in it. `size_hint` and `is_end_stream` are the inner
    /// body's, always.
    ///
    /// A body that is empty and says so ends at once, in [`EndBody::new`]. One of which nothing will be
    /// sent, and one whose declared length has been handed over, have completed, although trailers may
    /// still follow: it is told when they came, when the body ended, or when it was dropped, whichever is
    /// first. One that ends short of its declared length has failed.
    #[derive(Debug)]
    pub struct EndBody<B, T: OnEnd> {
        #[pin]
        inner: B,
        on_end: Option<T>,
        // Bytes still to come, if that is known.
        missing: Option<u64>,
        // The body is being polled; if it is dropped so, it panicked.
        polling: bool,
    }

    impl<B, T: OnEnd> PinnedDrop for EndBody<B, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let ending = match *this.missing {
                _ if *this.polling => Ending::Error,
                Some(0) => Ending::Complete,
                _ => Ending::Dropped,
            };
            finish(this.on_end, ending, None);
        }
    }
}

/// How a body ended that says it has, with so many of its declared bytes missing.
const fn ending(missing: Option<u64>) -> Ending {
    match missing {
        None | Some(0) => Ending::Complete,
        Some(_) => Ending::Error,
    }
}

/// How much of `bytes` belongs to the answer. Over HTTP/2, hyper polls a body of which nothing is to be sent,
/// until the client refuses it.
fn due(missing: &mut Option<u64>, bytes: usize) -> usize {
    let Some(missing) = missing else {
        return bytes;
    };
    let due = usize::try_from(*missing).map_or(bytes, |missing| bytes.min(missing));
    *missing -= due as u64;
    due
}

fn finish<T: OnEnd>(on_end: &mut Option<T>, ending: Ending, trailers: Option<&HeaderMap>) {
    if let Some(on_end) = on_end.take() {
        on_end.end(ending, trailers);
    }
}

impl<B: Body, T: OnEnd> EndBody<B, T> {
    /// Wraps `inner`, of which a server makes what `kind` says.
    pub fn new(inner: B, kind: BodyKind, on_end: T) -> Self {
        let missing = match kind {
            BodyKind::Absent => Some(0),
            BodyKind::Sized(bytes) => Some(bytes),
            BodyKind::Open => None,
        };
        let mut on_end = Some(on_end);
        if inner.is_end_stream() {
            finish(&mut on_end, ending(missing), None);
        }
        Self { inner, on_end, missing, polling: false }
    }

    /// Wraps `inner` to tell nothing, where nobody asks how it ends.
    pub const fn passing(inner: B) -> Self {
        Self { inner, on_end: None, missing: None, polling: false }
    }

    /// Wraps the body of `response`, which answers a request of `method`.
    pub fn wrap(method: &Method, response: Response<B>, on_end: T) -> Response<Self> {
        let kind = BodyKind::of(method, &response);
        response.map(|body| Self::new(body, kind, on_end))
    }
}

impl<B: Body, T: OnEnd> Body for EndBody<B, T> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        *this.polling = true;
        let polled = this.inner.as_mut().poll_frame(cx);
        *this.polling = false;
        let polled = ready!(polled);
        match &polled {
            None => finish(this.on_end, ending(*this.missing), None),
            Some(Err(_)) => finish(this.on_end, Ending::Error, None),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    let bytes = due(this.missing, data.remaining());
                    if let Some(on_end) = this.on_end.as_mut() {
                        on_end.data(bytes);
                    }
                } else if let Some(trailers) = frame.trailers_ref() {
                    finish(this.on_end, Ending::Trailers, Some(trailers));
                }
                if this.inner.is_end_stream() {
                    finish(this.on_end, ending(*this.missing), None);
                }
            }
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
