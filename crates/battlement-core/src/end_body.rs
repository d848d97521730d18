use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Buf;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{Ending, MethodKind, WebTrailers, content_length};

/// What is to happen while a body passes and when it has ended.
///
/// [`end`](Self::end) may run inside a `Drop` while a panic unwinds, so it must not panic.
pub trait OnEnd {
    /// A frame of data was handed over, of which `bytes` bytes belong to the answer: none of a body that is
    /// [`BodyKind::Absent`], and none beyond a declared length.
    fn data(&mut self, bytes: usize) {
        let _ = bytes;
    }

    /// Returns the reader of a gRPC-Web response, which then is given every frame of data. The trailers that it
    /// finds end the body as HTTP trailers do, by [`Ending::Trailers`]: the caller has what it came for, and may
    /// drop the rest. By default there is no reader.
    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        None
    }

    /// Ends a body that was dropped before it was polled once, which a client does that wanted the head alone. By
    /// default this is [`end`](Self::end) with [`Ending::Dropped`].
    fn unread(self)
    where
        Self: Sized,
    {
        self.end(Ending::Dropped, None);
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
    ///
    /// A length that the body knows stands before one that the head declares, as it does for hyper.
    pub fn of<B: Body>(method: MethodKind, response: &Response<B>) -> Self {
        if is_absent(method, response.status()) {
            return Self::Absent;
        }
        let known = response.body().size_hint().exact();
        known.or_else(|| content_length(response.headers())).map_or(Self::Open, Self::Sized)
    }
}

/// RFC 9110, sections 6.4.1 and 9.3.6.
fn is_absent(method: MethodKind, status: StatusCode) -> bool {
    match method {
        MethodKind::Head => true,
        MethodKind::Connect if status.is_success() => true,
        _ => {
            status.is_informational()
                || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
        }
    }
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
        missing: Missing,
        polls: Polls,
    }

    impl<B, T: OnEnd> PinnedDrop for EndBody<B, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            match (*this.missing, *this.polls) {
                (_, Polls::Running) => finish(this.on_end, Ending::Error, None),
                (Missing::NONE, _) => finish(this.on_end, Ending::Complete, None),
                (_, Polls::None) => this.on_end.take().into_iter().for_each(OnEnd::unread),
                (_, Polls::Some) => finish(this.on_end, Ending::Dropped, None),
            }
        }
    }
}

/// Whether the body was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polls {
    None,
    /// It is being polled; if it is dropped so, it panicked.
    Running,
    Some,
}

/// Bytes still to come. As one word, since bodies are moved about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Missing(u64);

impl Missing {
    const NONE: Self = Self(0);
    const UNKNOWN: Self = Self(u64::MAX);

    const fn of(kind: BodyKind) -> Self {
        match kind {
            BodyKind::Absent => Self::NONE,
            BodyKind::Sized(bytes) => Self(bytes),
            BodyKind::Open => Self::UNKNOWN,
        }
    }

    /// How a body ended that says it has.
    const fn ending(self) -> Ending {
        match self {
            Self::NONE | Self::UNKNOWN => Ending::Complete,
            Self(_) => Ending::Error,
        }
    }

    /// How much of `bytes` belongs to the answer. Over HTTP/2, hyper polls a body of which nothing is to be
    /// sent, until the client refuses it.
    fn pass(&mut self, bytes: usize) -> usize {
        if *self == Self::UNKNOWN {
            return bytes;
        }
        let due = usize::try_from(self.0).map_or(bytes, |missing| bytes.min(missing));
        self.0 -= due as u64;
        due
    }
}

fn finish<T: OnEnd>(on_end: &mut Option<T>, ending: Ending, trailers: Option<&HeaderMap>) {
    if let Some(on_end) = on_end.take() {
        on_end.end(ending, trailers);
    }
}

impl<B: Body, T: OnEnd> EndBody<B, T> {
    /// Wraps `inner`, of which a server makes what `kind` says.
    pub fn new(inner: B, kind: BodyKind, on_end: T) -> Self {
        let missing = Missing::of(kind);
        let mut on_end = Some(on_end);
        if inner.is_end_stream() {
            finish(&mut on_end, missing.ending(), None);
        }
        Self { inner, on_end, missing, polls: Polls::None }
    }

    /// Wraps `inner` to tell nothing, where nobody asks how it ends.
    pub const fn passing(inner: B) -> Self {
        Self { inner, on_end: None, missing: Missing::UNKNOWN, polls: Polls::None }
    }

    /// Wraps the body of `response`, which answers a request of `method`.
    pub fn wrap(method: MethodKind, response: Response<B>, on_end: T) -> Response<Self> {
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
        *this.polls = Polls::Running;
        // Looked at where it lies, and not moved: a frame is as large as a map of headers.
        let polled = this.inner.as_mut().poll_frame(cx);
        *this.polls = Polls::Some;
        match &polled {
            Poll::Pending => {}
            Poll::Ready(None) => finish(this.on_end, this.missing.ending(), None),
            Poll::Ready(Some(Err(_))) => finish(this.on_end, Ending::Error, None),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    let bytes = this.missing.pass(data.remaining());
                    if let Some(on_end) = this.on_end.as_mut() {
                        on_end.data(bytes);
                        let web = on_end.web_trailers().and_then(|reader| reader.read(data));
                        if let Some(trailers) = web {
                            finish(this.on_end, Ending::Trailers, Some(&trailers));
                        }
                    }
                } else if let Some(trailers) = frame.trailers_ref() {
                    finish(this.on_end, Ending::Trailers, Some(trailers));
                }
                if this.inner.is_end_stream() {
                    finish(this.on_end, this.missing.ending(), None);
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
