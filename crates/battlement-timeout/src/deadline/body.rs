use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{GrpcCode, ResponseBody, TrailersOnly, Wire};
use bytes::{Buf, Bytes};
use http::{HeaderMap, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{part::Part, remains::Remains};
use crate::{Elapsed, ElapsedKind};

type BoxError = Box<dyn Error + Send + Sync>;

/// The limit of one body, which most bodies do not have.
pub(super) type BodyLimit = Option<Pin<Box<Limited>>>;

pin_project! {
    /// The body of a response, which ends at the deadline of its request if that applies to it.
    ///
    /// Its error is boxed, since a body that the deadline ends must not look complete. A body to which the deadline
    /// applies costs one allocation.
    #[derive(Debug)]
    pub struct DeadlineBody<B> {
        // `None` once the deadline has ended the body.
        #[pin]
        inner: Option<ResponseBody<B>>,
        limit: BodyLimit,
    }

    impl<B> PinnedDrop for DeadlineBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(limit) = this.limit {
                limit.as_mut().project().remains.within(|| this.inner.set(None));
            }
        }
    }
}

pin_project! {
    /// The limit of one body.
    #[derive(Debug)]
    pub(super) struct Limited {
        #[pin]
        remains: Remains,
        // `None` once the part to which the deadline applies has passed.
        part: Option<Part>,
        wire: Wire,
    }
}

impl Limited {
    pub(super) fn boxed(remains: Remains, part: Part, wire: Wire) -> Pin<Box<Self>> {
        Box::pin(Self { remains, part: Some(part), wire })
    }

    /// Returns the expiry of a body that is pending.
    fn poll_expired(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Elapsed> {
        let this = self.project();
        this.part.as_ref()?;
        match this.remains.poll_expired(ElapsedKind::Deadline, cx) {
            Poll::Ready(elapsed) => Some(elapsed),
            Poll::Pending => None,
        }
    }

    /// Returns the expiry of a body whose next frame is ready, so that one that is always ready ends as well. A frame
    /// that is ready on the tick of the deadline is kept, and so are trailers.
    fn passed<D: Buf>(self: Pin<&mut Self>, frame: &Frame<D>) -> Option<Elapsed> {
        let (this, data) = (self.project(), frame.data_ref()?);
        if this.part.as_mut()?.ends_with(data) {
            *this.part = None;
            return None;
        }
        this.remains.passed(ElapsedKind::Deadline)
    }
}

impl<B> DeadlineBody<B> {
    #[inline(always)]
    pub(super) fn of(response: Response<B>, limit: BodyLimit) -> Response<Self> {
        response.map(|body| Self { inner: Some(ResponseBody::inner(body)), limit })
    }

    /// Takes an answer of the layer's own.
    pub(super) fn own(response: Response<ResponseBody<B>>) -> Response<Self> {
        response.map(|body| Self { inner: Some(body), limit: None })
    }
}

impl<B: Default> Default for DeadlineBody<B> {
    fn default() -> Self {
        Self { inner: Some(ResponseBody::inner(B::default())), limit: None }
    }
}

impl<B> Body for DeadlineBody<B>
where
    B: Body<Data: From<Bytes>, Error: Into<BoxError>>,
{
    type Data = B::Data;
    type Error = BoxError;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, BoxError>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let Some(limit) = this.limit else {
            return inner.poll_frame(cx).map_err(Into::into);
        };
        let mut limit = limit.as_mut();
        let remains = limit.as_mut().project().remains;
        let polled = remains.within(|| inner.as_mut().poll_frame(cx));
        let expired = match &polled {
            Poll::Pending => limit.as_mut().poll_expired(cx),
            Poll::Ready(Some(Ok(frame))) if !inner.is_end_stream() => limit.as_mut().passed(frame),
            Poll::Ready(_) => None,
        };
        let Some(elapsed) = expired else { return polled.map_err(Into::into) };
        let limit = limit.project();
        limit.remains.drop_work(|| this.inner.set(None));
        Poll::Ready(Some(last_frame(*limit.wire, elapsed)))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Returns the end of a body that has expired: a status in trailers for gRPC, otherwise an error.
pub(crate) fn last_frame<D>(wire: Wire, elapsed: Elapsed) -> Result<Frame<D>, BoxError> {
    if wire != Wire::Grpc {
        return Err(elapsed.into());
    }
    let mut trailers = HeaderMap::with_capacity(2);
    TrailersOnly::new(GrpcCode::DeadlineExceeded, &elapsed.to_string()).write(&mut trailers);
    Ok(Frame::trailers(trailers))
}
