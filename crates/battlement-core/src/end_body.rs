use std::{
    mem::ManuallyDrop,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Buf;
use http::{HeaderMap, Response, StatusCode, response::Parts};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{Ending, MethodKind, WebTrailers, content_length};

/// A hook for the frames and the end of a body.
///
/// [`end`](Self::end) may run inside a `Drop` while a panic unwinds, so it must not panic.
pub trait OnEnd {
    /// Observes a frame of data that was passed on, of which `bytes` bytes belong to the response: none of a body that
    /// is [`BodyKind::Absent`], and none beyond a declared length.
    fn data(&mut self, bytes: usize) {
        let _ = bytes;
    }

    /// Observes a poll that found no frame: from now until the next frame, the caller waits for the service. By default
    /// nothing happens.
    fn pending(&mut self) {}

    /// Returns the reader of a gRPC-Web response, which then gets every frame of data. The trailers that it finds end
    /// the body as HTTP trailers do, with [`Ending::Trailers`]: the caller has its result and may drop the rest. By
    /// default there is no reader.
    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        None
    }

    /// Ends a body that was dropped before its first poll, as by a client that needs only the head. By default this is
    /// [`end`](Self::end) with [`Ending::Dropped`].
    fn unread(&mut self) {
        self.end(Ending::Dropped, None);
    }

    /// Ends the body: called once, before the hook is dropped. `trailers` are present if and only if `ending` is
    /// [`Ending::Trailers`].
    // By reference, since a hook is as large as what its request holds, and moving it costs more than most ends.
    fn end(&mut self, ending: Ending, trailers: Option<&HeaderMap>);
}

impl<F: FnMut(Ending, Option<&HeaderMap>)> OnEnd for F {
    fn end(&mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        self(ending, trailers);
    }
}

/// The way in which a server sends the body of a response, which its bytes alone do not show.
///
/// hyper drops the body of a response to HEAD, of a 204 and of a 304 without a poll, even while `is_end_stream` is
/// false, and drops a body with a content-length after its last byte. Seen from the body, each looks like a
/// cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyKind {
    /// No body is sent: a response to HEAD, 1xx, 204, 304, or a tunnel that took over the connection.
    Absent,
    /// The number of bytes is known, and the body may not be polled after them.
    Sized(u64),
    /// The body ends when it returns its end.
    Open,
}

impl BodyKind {
    /// Returns the kind of the body of `response` to a request of `method`.
    ///
    /// A length that the body reports takes precedence over one that the head declares, as in hyper.
    #[inline]
    pub fn of<B: Body>(method: MethodKind, response: &Response<B>) -> Self {
        Self::new(method, response.status(), response.headers(), response.body())
    }

    /// Returns the kind of the body of a response with this head to a request of `method`, as [`of`](Self::of) does.
    #[inline]
    pub fn of_parts(method: MethodKind, head: &Parts, body: &impl Body) -> Self {
        Self::new(method, head.status, &head.headers, body)
    }

    /// Returns the kind of a body that is sent with `status` to a request of `method`, if that is known without a look
    /// at the headers.
    // For layers that look at them only then: a reference to the headers that leaves the caller costs a copy of them.
    #[inline]
    pub fn known(method: MethodKind, status: StatusCode, body: &impl Body) -> Option<Self> {
        if is_absent(method, status) {
            return Some(Self::Absent);
        }
        body.size_hint().exact().map(Self::Sized)
    }

    /// Returns the kind of a body whose length only `headers` may declare.
    #[inline]
    pub fn declared(headers: &HeaderMap) -> Self {
        content_length(headers).map_or(Self::Open, Self::Sized)
    }

    #[inline]
    fn new(method: MethodKind, status: StatusCode, headers: &HeaderMap, body: &impl Body) -> Self {
        Self::known(method, status, body).unwrap_or_else(|| Self::declared(headers))
    }
}

/// Returns whether no body is sent (RFC 9110, sections 6.4.1 and 9.3.6).
#[inline]
fn is_absent(method: MethodKind, status: StatusCode) -> bool {
    match method {
        MethodKind::Head => true,
        MethodKind::Connect if status.is_success() => true,
        // No status is below 100.
        _ => matches!(status.as_u16(), ..200 | 204 | 304),
    }
}

pin_project! {
    /// A body that reports exactly once how it ended.
    ///
    /// The body owns `T`, calls [`OnEnd::end`] at its end, and drops it: everything that a request must release when it is
    /// over (a permit, a count, a probe) belongs in it. `size_hint` and `is_end_stream` are always those of the inner
    /// body.
    ///
    /// A body that reports that it is empty ends at once, in [`EndBody::new`]. A body that is not sent, and one whose
    /// declared length has been passed on, have completed, although trailers may follow: the end is reported when they
    /// arrive, when the body ends, or when it is dropped, whichever is first. A body that ends short of its declared
    /// length has failed.
    #[derive(Debug)]
    pub struct EndBody<B, T: OnEnd> {
        #[pin]
        inner: B,
        on_end: Option<T>,
        remaining: Remaining,
        polls: Polls,
    }

    impl<B, T: OnEnd> PinnedDrop for EndBody<B, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            // Checked here, so that a body that has reported its end is dropped without a call.
            if this.on_end.is_some() {
                dropped(this.on_end, *this.remaining, *this.polls);
            }
        }
    }
}

/// Whether the body was polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polls {
    None,
    /// The body is being polled; a drop in this state is a panic.
    Running,
    Some,
    /// The end was reported to the hook. If the hook panics, the drop of the body does not report another end.
    Over,
}

/// The number of bytes to come, as one word, since bodies are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Remaining(u64);

impl Remaining {
    const NONE: Self = Self(0);
    const UNKNOWN: Self = Self(u64::MAX);

    const fn of(kind: BodyKind) -> Self {
        match kind {
            BodyKind::Absent => Self::NONE,
            BodyKind::Sized(bytes) => Self(bytes),
            BodyKind::Open => Self::UNKNOWN,
        }
    }

    /// Returns the ending of a body that has returned its end.
    const fn ending(self) -> Ending {
        match self {
            Self::NONE | Self::UNKNOWN => Ending::Complete,
            Self(_) => Ending::Error,
        }
    }

    /// Returns how many of `bytes` belong to the response. Over HTTP/2, hyper polls a body that is not sent until the
    /// client resets the stream.
    fn pass(&mut self, bytes: usize) -> usize {
        if *self == Self::UNKNOWN {
            return bytes;
        }
        let due = usize::try_from(self.0).map_or(bytes, |remaining| bytes.min(remaining));
        self.0 -= due as u64;
        due
    }
}

/// Reports the end to the hook, and drops it.
#[inline]
fn finish<T: OnEnd>(
    on_end: &mut Option<T>,
    polls: &mut Polls,
    ending: Ending,
    trailers: Option<&HeaderMap>,
) {
    if let Some(hook) = on_end {
        *polls = Polls::Over;
        hook.end(ending, trailers);
        *on_end = None;
    }
}

/// Reports the end of a body that is empty. This is a separate function, so that the code that creates bodies is small
/// enough to be part of its caller: a body that is returned is moved.
#[inline(never)]
fn ended_at_once<T: OnEnd>(on_end: &mut Option<T>, remaining: Remaining) {
    if let Some(hook) = on_end {
        hook.end(remaining.ending(), None);
        *on_end = None;
    }
}

/// Reports the end of a body that was dropped.
#[inline(never)]
fn dropped<T: OnEnd>(on_end: &mut Option<T>, remaining: Remaining, polls: Polls) {
    let Some(hook) = on_end else { return };
    match (remaining, polls) {
        (_, Polls::Over) => {}
        (_, Polls::Running) => hook.end(Ending::Error, None),
        (Remaining::NONE, _) => hook.end(Ending::Complete, None),
        (_, Polls::None) => hook.unread(),
        (_, Polls::Some) => hook.end(Ending::Dropped, None),
    }
    *on_end = None;
}

/// Passes a frame to the reader of gRPC-Web, and ends the body with the trailers that the frame completes. This is a
/// separate function, so that other bodies do not contain its code.
#[inline(never)]
fn read_web<T: OnEnd>(on_end: &mut Option<T>, polls: &mut Polls, data: &impl Buf) {
    let reader = on_end.as_mut().and_then(OnEnd::web_trailers);
    if let Some(trailers) = reader.and_then(|reader| reader.read(data)) {
        finish(on_end, polls, Ending::Trailers, Some(&trailers));
    }
}

impl<B: Body, T: OnEnd> EndBody<B, T> {
    /// Wraps `inner`, which a server sends as `kind`.
    #[inline]
    pub fn new(inner: B, kind: BodyKind, on_end: T) -> Self {
        Self::taking(inner, kind, &mut Some(on_end))
    }

    /// Wraps `inner`, which a server sends as `kind`, with the hook of `slot`, if there is one.
    // From where it is, so that it moves once.
    #[inline]
    pub fn taking(inner: B, kind: BodyKind, slot: &mut Option<T>) -> Self {
        let remaining = Remaining::of(kind);
        if inner.is_end_stream() {
            ended_at_once(slot, remaining);
        }
        Self { inner, on_end: slot.take(), remaining, polls: Polls::None }
    }

    /// Wraps `inner` without a hook.
    pub const fn passing(inner: B) -> Self {
        Self { inner, on_end: None, remaining: Remaining::UNKNOWN, polls: Polls::None }
    }

    /// Returns the hook, until the body has ended.
    #[inline]
    #[must_use]
    pub fn on_end(self: Pin<&mut Self>) -> Option<&mut T> {
        self.project().on_end.as_mut()
    }

    /// Wraps the body of `response` to a request of `method`.
    pub fn wrap(method: MethodKind, response: Response<B>, on_end: T) -> Response<Self> {
        let kind = BodyKind::of(method, &response);
        response.map(|body| Self::new(body, kind, on_end))
    }
}

impl<B: Body, T: OnEnd> Body for EndBody<B, T> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline(always)]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        *this.polls = Polls::Running;
        // Inspected in place and not moved: a frame is as large as a map of headers.
        // A panic of the hook would leak it, so that it needs no place where it could be dropped.
        let polled = ManuallyDrop::new(this.inner.as_mut().poll_frame(cx));
        *this.polls = Polls::Some;
        // One place reports the end, so that the code of the hook is there once.
        let ended = match &*polled {
            Poll::Pending => {
                if let Some(on_end) = this.on_end.as_mut() {
                    on_end.pending();
                }
                None
            }
            Poll::Ready(None) => Some((this.remaining.ending(), None)),
            Poll::Ready(Some(Err(_))) => Some((Ending::Error, None)),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    let bytes = this.remaining.pass(data.remaining());
                    if let Some(on_end) = this.on_end.as_mut() {
                        on_end.data(bytes);
                        if on_end.web_trailers().is_some() {
                            read_web(this.on_end, this.polls, data);
                        }
                    }
                }
                match frame.trailers_ref() {
                    Some(trailers) => Some((Ending::Trailers, Some(trailers))),
                    None => this.inner.is_end_stream().then(|| (this.remaining.ending(), None)),
                }
            }
        };
        if let Some((ending, trailers)) = ended {
            finish(this.on_end, this.polls, ending, trailers);
        }
        ManuallyDrop::into_inner(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
