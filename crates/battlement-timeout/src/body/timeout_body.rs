use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::watch::Watch;
use crate::deadline::last_frame;

type BoxError = Box<dyn Error + Send + Sync>;

pin_project! {
    /// A body whose sender must keep to the limits of a [`BodyTimeoutLayer`](crate::BodyTimeoutLayer).
    ///
    /// A body that exceeds a limit is dropped at once and returns an error, in which a downcast finds
    /// [`Elapsed`](crate::Elapsed): it never looks complete. The body of a gRPC response ends with trailers instead,
    /// with the status DEADLINE_EXCEEDED. `size_hint` and `is_end_stream` are those of the inner body.
    ///
    /// A body that waits costs one allocation, for its timer; one that is always ready costs none.
    #[derive(Debug)]
    pub struct TimeoutBody<B> {
        // `None` once a limit was exceeded.
        #[pin]
        inner: Option<B>,
        // `None` without limits.
        watch: Option<Watch>,
    }
}

impl<B: Body> TimeoutBody<B> {
    /// Wraps `inner`; an empty body is not watched.
    #[inline]
    pub(super) fn new(inner: B, watch: impl FnOnce() -> Option<Watch>) -> Self {
        let watch = if inner.is_end_stream() { None } else { watch() };
        Self { inner: Some(inner), watch }
    }
}

/// An unlimited body, which is the default one of `B`.
impl<B: Default> Default for TimeoutBody<B> {
    fn default() -> Self {
        Self { inner: Some(B::default()), watch: None }
    }
}

impl<B> Body for TimeoutBody<B>
where
    B: Body<Error: Into<BoxError>>,
{
    type Data = B::Data;
    type Error = BoxError;

    #[inline]
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let mut this = self.as_mut().project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let polled = inner.as_mut().poll_frame(cx);
        if let Some(watch) = this.watch {
            let exceeded = match &polled {
                Poll::Pending => Some(ready!(watch.poll_exceeded(cx))),
                Poll::Ready(Some(Ok(frame))) if has_data(frame) => {
                    watch.progress().filter(|_| !inner.is_end_stream())
                }
                Poll::Ready(_) => None,
            };
            if let Some(limit) = exceeded {
                return Poll::Ready(self.expire(limit));
            }
        }
        polled.map_err(Into::into)
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: Body> TimeoutBody<B> {
    /// Drops the inner body, and returns the last frame or the error.
    fn expire(self: Pin<&mut Self>, limit: Duration) -> Option<Result<Frame<B::Data>, BoxError>> {
        let mut this = self.project();
        let watch = this.watch.as_mut()?;
        let wire = watch.wire();
        let elapsed = watch.expire(limit, || this.inner.set(None));
        Some(last_frame(wire, elapsed))
    }
}

/// Returns whether a frame is progress, which an empty one is not.
fn has_data<D: Buf>(frame: &Frame<D>) -> bool {
    frame.data_ref().is_none_or(Buf::has_remaining)
}
