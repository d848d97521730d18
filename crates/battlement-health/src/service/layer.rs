use std::{
    convert::Infallible,
    future::Ready,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::Health;

/// A layer that answers probes before the service.
#[derive(Clone, Debug)]
pub struct HealthLayer {
    #[expect(dead_code, reason = "read by the service")]
    health: Health,
}

impl HealthLayer {
    /// Creates a layer.
    #[must_use]
    pub fn new(health: &Health) -> Self {
        Self { health: health.clone() }
    }
}

/// The future of an answer.
pub type ResponseFuture<T> = Ready<T>;

/// The body of an answer to a probe.
#[derive(Debug, Default)]
pub struct ResponseBody(Option<Bytes>);

impl ResponseBody {
    pub(super) const fn of(bytes: Bytes) -> Self {
        Self(Some(bytes))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
