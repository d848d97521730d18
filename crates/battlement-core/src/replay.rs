use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::{Buf as _, Bytes};
use http_body::Body;

mod body;
mod error;
mod reader;
mod send_as;
mod source;

#[cfg(test)]
mod tests;

#[cfg(feature = "tonic")]
pub use self::send_as::AsTonic;
pub use self::{
    body::ReplayBody,
    error::ReplayError,
    send_as::{AsIs, SendAs},
};
use self::{
    reader::Reader,
    source::{Source, lock},
};

/// An error of any type.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps what attempts have read from a request body, so that it can be sent again.
///
/// The body is kept up to a limit and read lazily: an attempt reads the part that an earlier one has read, and then
/// continues with the original body. Over the limit the retry is given up, not the request: the part is discarded, the
/// newest attempt continues to stream, and [`again`](Self::again) returns an error.
///
/// The size hint decides beforehand. A body that is known to be longer than the limit is not kept at all. A body of at
/// most one frame, such as `Full` and `Empty`, is kept without a lock, and its frame is never copied. To find it, a
/// body whose exact size is within the limit is polled once before it is sent; a received body then asks its client
/// to continue (`Expect: 100-continue`).
///
/// Dropping this value ends the keeping: the attempt that is left streams the rest.
///
/// # Example
///
/// ```
/// use battlement_core::Replay;
/// use bytes::Bytes;
/// use http_body_util::{BodyExt as _, Full};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (first, replay) = Replay::new(Full::new(Bytes::from_static(b"order 7")), 64 * 1024);
/// let replay = replay.expect("the body is small");
/// assert_eq!(first.collect().await.unwrap().to_bytes(), "order 7");
/// let second = replay.again().unwrap();
/// assert_eq!(second.collect().await.unwrap().to_bytes(), "order 7");
///
/// let (body, replay) = Replay::new(Full::new(Bytes::from_static(b"order 7")), 6);
/// assert!(replay.is_none());
/// assert_eq!(body.collect().await.unwrap().to_bytes(), "order 7");
/// # }
/// ```
pub struct Replay<B> {
    kept: Kept<B>,
}

enum Kept<B> {
    /// The only frame, which is not empty.
    Whole(Option<Bytes>),
    Source(Arc<Mutex<Source<B>>>),
}

impl<B> Replay<B>
where
    B: Body + Unpin,
    B::Error: Into<BoxError>,
{
    /// Wraps a request body for its first attempt.
    ///
    /// Returns no `Replay` if the body is known to be longer than `limit` bytes. Bodies that are not [`Unpin`] are
    /// boxed before, as by `BodyExt::boxed`.
    #[inline]
    pub fn new(body: B, limit: u64) -> (ReplayBody<B>, Option<Self>) {
        if body.is_end_stream() {
            return Self::whole(None);
        }
        let hint = body.size_hint();
        if hint.lower() > limit {
            return (ReplayBody::once(body), None);
        }
        if hint.exact().is_none() {
            return Self::source(Source::new(body, limit));
        }
        Self::polled(body, limit)
    }

    /// Wraps a body whose size is within the limit, after one poll.
    fn polled(mut body: B, limit: u64) -> (ReplayBody<B>, Option<Self>) {
        // A later poll replaces this waker.
        let polled = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
        let mut source = Source::new(body, limit);
        match polled {
            Poll::Pending => {}
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(mut data) => {
                    let data = data.copy_to_bytes(data.remaining());
                    if source.is_end() && data.len() as u64 <= limit {
                        return Self::whole((!data.is_empty()).then_some(data));
                    }
                    if !data.is_empty() {
                        source.push_first(data);
                    }
                }
                Err(frame) => source.end(frame.into_trailers().ok()),
            },
            Poll::Ready(Some(Err(error))) => source.push_error(error),
            Poll::Ready(None) => source.end(None),
        }
        Self::source(source)
    }

    /// Returns the body for another attempt, which reads from the start.
    ///
    /// Earlier attempts need not have been dropped: hedged attempts read side by side.
    ///
    /// # Errors
    ///
    /// If the attempts have read more than the limit, or if the body has failed.
    pub fn again(&self) -> Result<ReplayBody<B>, ReplayError> {
        match &self.kept {
            Kept::Whole(data) => Ok(ReplayBody::whole(data.clone())),
            Kept::Source(source) => Reader::attach(source).map(ReplayBody::reader),
        }
    }

    /// Returns whether the body is known to be within the limit: by its size hint, or since an attempt has read all of
    /// it.
    #[must_use]
    pub fn fits(&self) -> bool {
        match &self.kept {
            Kept::Whole(_) => true,
            Kept::Source(source) => lock(source).fits(),
        }
    }

    /// Returns whether the attempts have read the whole body.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        match &self.kept {
            Kept::Whole(_) => true,
            Kept::Source(source) => lock(source).has_ended(),
        }
    }

    fn whole(data: Option<Bytes>) -> (ReplayBody<B>, Option<Self>) {
        (ReplayBody::whole(data.clone()), Some(Self { kept: Kept::Whole(data) }))
    }

    fn source(source: Source<B>) -> (ReplayBody<B>, Option<Self>) {
        let source = Arc::new(Mutex::new(source));
        let first = Reader::first(&source);
        (ReplayBody::reader(first), Some(Self { kept: Kept::Source(source) }))
    }
}

impl<B> Replay<B> {
    /// Returns why the body cannot be sent again, or `None` if it can.
    #[must_use]
    pub fn lost(&self) -> Option<ReplayError> {
        match &self.kept {
            Kept::Whole(_) => None,
            Kept::Source(source) => lock(source).lost(),
        }
    }
}

impl<B> Drop for Kept<B> {
    fn drop(&mut self) {
        if let Self::Source(source) = self {
            lock(source).release();
        }
    }
}

impl<B> fmt::Debug for Replay<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("lost", &self.lost()).finish_non_exhaustive()
    }
}
