use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{BodyKind, EndBody, Ending, OnEnd};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{limiter::Permit, shared::Shared};

pin_project! {
    /// The body of a response, which holds the permit of its call until it ends or is dropped.
    pub struct ConcurrencyLimitBody<B> {
        #[pin]
        inner: EndBody<B, Permit<Shared>>,
    }
}

/// The permit is given back when it is dropped, which follows.
impl OnEnd for Permit<Shared> {
    #[inline]
    fn end(&mut self, _: Ending, _: Option<&HeaderMap>) {}
}

impl<B: Body> ConcurrencyLimitBody<B> {
    /// Wraps a body with the permit that it holds, if there is one.
    // The kind of a body decides only how its end is reported, and a permit is given back at any end.
    #[inline]
    pub(super) fn of(body: B, permit: &mut Option<Permit<Shared>>) -> Self {
        Self { inner: EndBody::taking(body, BodyKind::Open, permit) }
    }
}

impl<B: Body + Default> Default for ConcurrencyLimitBody<B> {
    fn default() -> Self {
        Self { inner: EndBody::passing(B::default()) }
    }
}

impl<B: Body> Body for ConcurrencyLimitBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline(always)]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> fmt::Debug for ConcurrencyLimitBody<B> {
    // The data of a response is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitBody").finish_non_exhaustive()
    }
}
