use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{state::State, time::HeldData};

pin_project! {
    /// The body of a response, whose end is the end of the request.
    #[derive(Debug, Default)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: B,
        ticket: Option<Ticket>,
    }
}

/// A request in flight, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket(Arc<State>);

impl Ticket {
    #[inline]
    pub(crate) const fn new(state: Arc<State>) -> Self {
        Self(state)
    }

    pub(crate) fn state(&self) -> &State {
        &self.0
    }
}

impl Drop for Ticket {
    #[inline]
    fn drop(&mut self) {
        self.0.marks.end();
    }
}

impl<B> ResponseBody<B> {
    pub(crate) const fn new(inner: B, ticket: Option<Ticket>) -> Self {
        Self { inner, ticket }
    }
}

impl<B: Body> Body for ResponseBody<B> {
    type Data = HeldData<B::Data>;
    type Error = B::Error;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, B::Error>>> {
        let this = self.project();
        let frame = this.inner.poll_frame(cx);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            *this.ticket = None;
        }
        let state = this.ticket.as_ref().map(|ticket| &ticket.0);
        frame.map_ok(|frame| frame.map_data(|data| HeldData::new(data, state)))
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
