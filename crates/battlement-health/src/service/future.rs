use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use battlement_core::ResponseBody;
use bytes::Bytes;
use http::Response;
use pin_project_lite::pin_project;

pin_project! {
    /// The future of a [`HealthProbes`](crate::HealthProbes).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Passing { #[pin] inner: F },
        Answered { answer: Option<Response<Bytes>> },
    }
}

impl<F> ResponseFuture<F> {
    #[inline]
    pub(super) const fn passing(inner: F) -> Self {
        Self { state: State::Passing { inner } }
    }

    pub(super) const fn answered(answer: Response<Bytes>) -> Self {
        Self { state: State::Answered { answer: Some(answer) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Passing { inner } => {
                inner.poll(cx).map_ok(|response| response.map(ResponseBody::inner))
            }
            StateProj::Answered { answer } => {
                let answer = answer.take().expect("`ResponseFuture` polled after completion");
                Poll::Ready(Ok(answer.map(ResponseBody::own)))
            }
        }
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
