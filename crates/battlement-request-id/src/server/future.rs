use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_core::RequestFacts;
use http::Response;
use pin_project_lite::pin_project;
use tracing::Span;

use super::{ResponseBody, config::Config};
use crate::scoped::Scoped;

pin_project! {
    /// The future of a [`RequestIdService`](crate::RequestIdService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        scoped: Scoped<F>,
        // Absent where the layer is switched off.
        config: Option<Arc<Config>>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn passing(future: F) -> Self {
        Self { scoped: Scoped::around(None, Span::none(), future), config: None }
    }

    pub(super) fn identified(
        config: Arc<Config>,
        facts: RequestFacts,
        span: Span,
        call: impl FnOnce() -> F,
    ) -> Self {
        Self { scoped: Scoped::new(Some(facts), span, call), config: Some(config) }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (result, facts, span) = ready!(this.scoped.poll_out(|future| future.poll(cx)));
        Poll::Ready(result.map(|mut response| {
            if let (Some(config), Some(facts)) = (this.config, &facts)
                && config.echo
            {
                config.write_ids(response.headers_mut(), facts);
            }
            response.map(|body| ResponseBody::new(Scoped::around(facts, span, body)))
        }))
    }
}
