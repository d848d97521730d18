use std::{
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{self as core, BodyKind, DropReason, EndBody, Wire, dropping};
use bytes::{Buf, Bytes};
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
        #[pin]
        state: State<B>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<B> {
        Inner { #[pin] body: EndBody<B, Ticket> },
        // An answer of the layer's own, or nothing, once the layer has ended the body.
        Own { #[pin] body: core::ResponseBody<B>, ticket: Option<Ticket> },
    }
}

impl<B: Body> ResponseBody<B> {
    /// Takes the body of the service, which is sent as `kind`, with the ticket of its request, if there is one.
    #[inline]
    pub(super) fn of(body: B, kind: BodyKind, ticket: &mut Option<Ticket>) -> Self {
        Self { state: State::Inner { body: EndBody::taking(body, kind, ticket) } }
    }
}

impl<B> ResponseBody<B> {
    /// Takes an answer of the layer's own.
    pub(super) const fn own(body: core::ResponseBody<B>, ticket: Option<Ticket>) -> Self {
        Self { state: State::Own { body, ticket } }
    }
}

/// An empty body, whatever `B` is.
impl<B> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::own(core::ResponseBody::empty(), None)
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
        let mut state = self.project().state;
        let mut body = match state.as_mut().project() {
            StateProj::Inner { body } => body,
            StateProj::Own { body, ticket } => return poll_own(body, ticket, cx),
        };
        let due = body.as_mut().on_end().and_then(|ticket| ticket.body_end());
        let end = match due {
            Some(end) => end,
            None => match body.as_mut().poll_frame(cx) {
                // In parts, since the conversion of its error would move the whole frame.
                Poll::Ready(Some(Ok(frame))) => {
                    let frame = match frame.into_data() {
                        Ok(data) => Frame::data(read(data, body.on_end())),
                        Err(frame) => frame,
                    };
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => match body.on_end().and_then(|it| it.body_waits(cx.waker())) {
                    Some(end) => end,
                    None => return Poll::Pending,
                },
            },
        };
        Poll::Ready(finish(state, end))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.state {
            State::Inner { body } => body.is_end_stream(),
            State::Own { body, .. } => body.is_end_stream(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.state {
            State::Inner { body } => body.size_hint(),
            State::Own { body, .. } => body.size_hint(),
        }
    }
}

/// Counts the messages in the data of a gRPC response.
// By value, since a reference would leave the caller.
#[inline]
fn read<D: Buf>(data: D, ticket: Option<&mut Ticket>) -> D {
    match ticket {
        Some(ticket) if ticket.reads() => ticket.read(data),
        _ => data,
    }
}

/// Polls an answer of the layer's own, whose request ends with it.
#[cold]
fn poll_own<B>(
    mut body: Pin<&mut core::ResponseBody<B>>,
    ticket: &mut Option<Ticket>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<B::Data>, BoxError>>>
where
    B: Body<Data: From<Bytes>, Error: Into<BoxError>>,
{
    let polled = body.as_mut().poll_frame(cx).map_err(Into::into);
    if body.is_end_stream() {
        *ticket = None;
    }
    polled
}

/// Ends a body, and returns its last frame.
#[cold]
fn finish<B: Body>(
    mut state: Pin<&mut State<B>>,
    end: BodyEnd,
) -> Option<Result<Frame<B::Data>, BoxError>> {
    if let StateProj::Inner { body } = state.as_mut().project()
        && let Some(ticket) = body.on_end()
    {
        match end {
            BodyEnd::Whole(Wire::Http | Wire::Grpc) => ticket.count(),
            // The trailers of gRPC-Web are data, which the layer does not write: the stream ends with an error.
            BodyEnd::Whole(_) | BodyEnd::CutOff(_) => ticket.note_cut_off(),
        }
    }
    let ended = State::Own { body: core::ResponseBody::empty(), ticket: None };
    dropping(DropReason::Shutdown, || state.set(ended));
    match end {
        BodyEnd::Whole(Wire::Http) => None,
        BodyEnd::Whole(Wire::Grpc) => Some(Ok(grpc_trailers())),
        BodyEnd::Whole(wire) | BodyEnd::CutOff(wire) => Some(last_frame(wire)),
    }
}
