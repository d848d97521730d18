use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::{BodyKind, Classify, EndBody, Ending, Failure, OnEnd, Verdict, WebTrailers};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::classifier::Classifier;
use crate::call::Call;

pin_project! {
    /// The body of a response, at whose end the call is settled.
    pub struct CircuitBreakerBody<B> {
        #[pin]
        inner: EndBody<B, Tail>,
    }
}

/// A call whose head has arrived.
pub(super) struct Tail {
    call: Call,
    /// The judgment of the end; `None` if the head was a success.
    end: Option<End>,
}

/// The judgment of the end of a body.
struct End {
    classifier: Classifier,
    /// The reader of gRPC-Web, which has its trailers in the body.
    web: Option<Box<WebTrailers>>,
}

impl Tail {
    /// Creates the tail of a call whose head was a success.
    #[inline]
    pub(super) fn succeeded(mut call: Call) -> Self {
        call.head(true);
        Self { call, end: None }
    }

    /// Creates the tail of a call that is judged at the end of its body.
    #[inline(never)]
    pub(super) fn judged_at_end(
        mut call: Call,
        classifier: Classifier,
        headers: &HeaderMap,
    ) -> Self {
        call.head(false);
        let web = WebTrailers::of(headers).map(Box::new);
        Self { call, end: Some(End { classifier, web }) }
    }
}

impl OnEnd for Tail {
    #[inline]
    fn data(&mut self, bytes: usize) {
        if bytes > 0 {
            self.call.delivered();
        }
    }

    #[inline]
    fn pending(&mut self) {
        self.call.pending();
    }

    #[inline]
    fn web_trailers(&mut self) -> Option<&mut WebTrailers> {
        self.end.as_mut()?.web.as_deref_mut()
    }

    #[inline]
    fn end(mut self, ending: Ending, trailers: Option<&HeaderMap>) {
        let verdict = match (ending, &self.end) {
            // The drop of the call judges it.
            (Ending::Dropped, _) => return,
            (Ending::Error, _) => Verdict::Failure(Failure::Transport),
            (_, None) => Verdict::Success,
            (_, Some(end)) => end.classifier.end(ending, trailers),
        };
        self.call.settle(verdict);
    }
}

impl<B: Body> CircuitBreakerBody<B> {
    /// Wraps a body, at whose end there is nothing to settle without a tail.
    #[inline(always)]
    pub(super) fn of(body: B, kind: BodyKind, tail: Option<Tail>) -> Self {
        let inner = match tail {
            Some(tail) => EndBody::new(body, kind, tail),
            None => EndBody::passing(body),
        };
        Self { inner }
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

    #[inline]
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
