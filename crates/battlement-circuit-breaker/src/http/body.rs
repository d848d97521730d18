use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{BodyKind, EndBody};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::call::HttpCall;

pin_project! {
    /// The body of a response, at whose end the call is settled.
    pub struct CircuitBreakerBody<B> {
        #[pin]
        inner: EndBody<B, HttpCall>,
    }
}

impl<B: Body> CircuitBreakerBody<B> {
    /// Wraps a body, at whose end there is nothing to settle without a call.
    #[inline]
    pub(super) fn of(body: B, kind: BodyKind, call: &mut Option<HttpCall>) -> Self {
        Self { inner: EndBody::taking(body, kind, call) }
    }
}

impl<B: Body + Default> Default for CircuitBreakerBody<B> {
    fn default() -> Self {
        Self { inner: EndBody::passing(B::default()) }
    }
}

impl<B: Body> Body for CircuitBreakerBody<B> {
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

impl<B> fmt::Debug for CircuitBreakerBody<B> {
    // The data of a response is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerBody").finish_non_exhaustive()
    }
}
