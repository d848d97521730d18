use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::Response;
use pin_project_lite::pin_project;

use super::{ResponseBody, config::Config};
use crate::scoped::{Scope, Scoped};

pin_project! {
    /// The future of a [`RequestIdService`](crate::RequestIdService).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        scoped: Scoped<F>,
        // Absent if the layer is disabled.
        config: Option<Arc<Config>>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) const fn passing(future: F) -> Self {
        Self { scoped: Scoped::new(None, future), config: None }
    }

    pub(super) const fn identified(config: Arc<Config>, scope: Scope, future: F) -> Self {
        Self { scoped: Scoped::new(Some(scope), future), config: Some(config) }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let result = ready!(this.scoped.as_mut().poll_out(|future| future.poll(cx)));
        let scope = this.scoped.take_scope();
        Poll::Ready(result.map(|mut response| {
            if let Some(config) = this.config
                && config.echo
                && let Some(facts) = scope.as_ref().and_then(Scope::facts)
            {
                config.write_ids(response.headers_mut(), facts);
            }
            response.map(|body| ResponseBody::new(Scoped::new(scope, body)))
        }))
    }
}
