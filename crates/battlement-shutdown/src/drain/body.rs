use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{self as core, DropReason, EndBody, Wire, dropping};
use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::{
    cut_off::{BoxError, grpc_trailers, last_frame},
    ticket::{BodyEnd, Ticket},
};

pin_project! {
    /// The body of a response, which holds its request in flight until it ends.
    ///
    /// Its error is boxed, since a body that is cut off must not look complete.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        // `None` once the layer has ended the body.
        #[pin]
        inner: Option<EndBody<core::ResponseBody<B>, Ticket>>,
    }
}

impl<B> ResponseBody<B>
where
    B: Body<Data: From<Bytes>>,
{
    /// Takes the response of the service.
    #[inline]
    pub(super) fn of(response: Response<B>, mut ticket: Ticket) -> Response<Self> {
        let mut response = response.map(core::ResponseBody::inner);
        let kind = ticket.answered(&mut response);
        response.map(|body| Self { inner: Some(EndBody::new(body, kind, ticket)) })
    }

    pub(super) fn passing(response: Response<B>) -> Response<Self> {
        response.map(|body| Self { inner: Some(EndBody::passing(core::ResponseBody::inner(body))) })
    }

    /// Takes an answer of the layer's own.
    pub(super) fn own(body: core::ResponseBody<B>, ticket: Ticket) -> Self {
        Self { inner: Some(EndBody::new(body, core::BodyKind::Open, ticket)) }
    }
}

/// An empty body, whatever `B` is.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        Self { inner: None }
    }
}

impl<B> Body for ResponseBody<B>
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
        let due = inner.as_mut().on_end().and_then(|ticket| ticket.body_end());
        let end = match due {
            Some(end) => end,
            None => {
                let polled = inner.as_mut().poll_frame(cx);
                let ticket = inner.on_end();
                match (&polled, ticket) {
                    (Poll::Pending, Some(ticket)) => match ticket.body_waits(cx.waker()) {
                        Some(end) => end,
                        None => return Poll::Pending,
                    },
                    (Poll::Ready(Some(Ok(frame))), Some(ticket)) => {
                        frame.data_ref().into_iter().for_each(|data| ticket.read(data));
                        return polled.map_err(Into::into);
                    }
                    _ => return polled.map_err(Into::into),
                }
            }
        };
        Poll::Ready(finish(this.inner, end))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

type Inner<B> = Option<EndBody<core::ResponseBody<B>, Ticket>>;

/// Ends a body, and returns its last frame.
#[cold]
fn finish<B: Body<Data: From<Bytes>>>(
    mut inner: Pin<&mut Inner<B>>,
    end: BodyEnd,
) -> Option<Result<Frame<B::Data>, BoxError>> {
    let ticket = inner.as_mut().as_pin_mut().and_then(EndBody::on_end);
    match end {
        BodyEnd::Whole(_) => ticket.into_iter().for_each(|ticket| ticket.count()),
        BodyEnd::CutOff(_) => ticket.into_iter().for_each(|ticket| ticket.note_cut_off()),
    }
    dropping(DropReason::Shutdown, || inner.set(None));
    match end {
        BodyEnd::Whole(Wire::Http) => None,
        BodyEnd::Whole(Wire::Grpc) => Some(Ok(grpc_trailers())),
        BodyEnd::Whole(wire) | BodyEnd::CutOff(wire) => Some(last_frame(wire)),
    }
}
