use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use battlement_core::RequestFacts;
use bytes::Buf;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// The number of bytes of a request's body that were read.
#[derive(Debug, Default)]
pub(crate) struct BytesIn(AtomicU64);

impl BytesIn {
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A layer that counts the bytes of a request's body as they are read, for the record of an
/// [`AccessLogLayer`](crate::AccessLogLayer) further out.
///
/// Without it the record has the length that the request declared. The layer is separate since it changes the type of
/// the request's body, and it allocates once per request.
#[derive(Clone, Copy, Debug, Default)]
pub struct BytesInLayer;

impl BytesInLayer {
    /// Creates the layer.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for BytesInLayer {
    type Service = BytesInService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BytesInService { inner }
    }
}

/// A service whose requests are counted as they are read, created by [`BytesInLayer`].
#[derive(Clone, Debug)]
pub struct BytesInService<S> {
    inner: S,
}

impl<S> BytesInService<S> {
    /// Returns a reference to the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B> Service<Request<B>> for BytesInService<S>
where
    S: Service<Request<BytesInBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let bytes = RequestFacts::of(&request).map(|facts| {
            let bytes = Arc::new(BytesIn::default());
            facts.add_override(Arc::clone(&bytes));
            bytes
        });
        self.inner.call(request.map(|inner| BytesInBody { inner, bytes }))
    }
}

pin_project! {
    /// A request body that counts its bytes as they are read.
    #[derive(Debug, Default)]
    pub struct BytesInBody<B> {
        #[pin]
        inner: B,
        // Absent if no outer layer has created the facts of the request.
        bytes: Option<Arc<BytesIn>>,
    }
}

impl<B: Body> Body for BytesInBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.inner.poll_frame(cx));
        if let (Some(bytes), Some(Ok(frame))) = (this.bytes, &frame)
            && let Some(data) = frame.data_ref()
        {
            bytes.0.fetch_add(data.remaining() as u64, Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
