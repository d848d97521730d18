use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use crate::{nonce::Offer, template::Template, variant::Variant};

pin_project! {
    /// The future of [`SecurityHeaders`](crate::SecurityHeaders).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        // Absent if the layer is disabled.
        writing: Option<Writing>,
    }
}

#[derive(Debug)]
struct Writing {
    template: Arc<Template>,
    variant: Variant,
    nonce: Option<Offer>,
}

impl<F> ResponseFuture<F> {
    pub(crate) const fn passing(inner: F) -> Self {
        Self { inner, writing: None }
    }

    pub(crate) const fn writing(
        inner: F,
        template: Arc<Template>,
        variant: Variant,
        nonce: Option<Offer>,
    ) -> Self {
        Self { inner, writing: Some(Writing { template, variant, nonce }) }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = ready!(this.inner.poll(cx));
        if let (Ok(response), Some(writing)) = (&mut result, this.writing) {
            writing.template.write(writing.variant, writing.nonce.as_ref(), response);
        }
        Poll::Ready(result)
    }
}
