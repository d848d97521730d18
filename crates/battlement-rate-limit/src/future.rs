use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{Head, ResponseBody};
use http::Response;
use pin_project_lite::pin_project;

use crate::{answer::Denial, limiter::Admitted};

pin_project! {
    /// The future of a [`RateLimit`](crate::RateLimit).
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F> {
        Admitted { #[pin] future: F, admitted: Admitted },
        // Empty once it was answered.
        Denied { denial: Option<Box<Denial>> },
    }
}

impl<F> ResponseFuture<F> {
    pub(crate) fn passing(future: F) -> Self {
        Self::admitted(future, Admitted::default())
    }

    pub(crate) const fn admitted(future: F, admitted: Admitted) -> Self {
        Self { state: State::Admitted { future, admitted } }
    }

    pub(crate) const fn denied(denial: Box<Denial>) -> Self {
        Self { state: State::Denied { denial: Some(denial) } }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Admitted { future, admitted } => {
                let mut response = ready!(future.poll(cx))?;
                if let Some(charge) = admitted.charge.take() {
                    charge.settle(&Head::of(&response));
                }
                std::mem::take(&mut admitted.fields).write(response.headers_mut());
                Poll::Ready(Ok(response.map(ResponseBody::inner)))
            }
            StateProj::Denied { denial } => {
                let denial = denial.take().expect("a future is not polled after its end");
                Poll::Ready(Ok(denial.response()))
            }
        }
    }
}
