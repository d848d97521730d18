use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{Head, ResponseBody};
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    answer::Denial,
    limiter::{Admitted, Ruled},
};

pin_project! {
    /// The future of a [`RateLimit`](crate::RateLimit): of the service's `F`, after `W` where the store has
    /// to be waited for.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, W> {
        #[pin]
        state: State<F, W>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F, W> {
        Waiting { #[pin] wait: W },
        Ruled { #[pin] next: Next<F> },
    }
}

pin_project! {
    /// What comes after a ruling: the service's own future, or an answer in its place.
    #[derive(Debug)]
    pub struct Next<F> {
        #[pin]
        step: Step<F>,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StepProj]
    enum Step<F> {
        Call { #[pin] future: F, admitted: Admitted },
        // Empty once it was answered.
        Answer { denial: Option<Box<Denial>> },
    }
}

impl<F> Next<F> {
    /// Calls the service, if the request may pass.
    #[inline]
    pub(crate) fn of<S, B>(ruled: Ruled, service: &mut S, request: Request<B>) -> Self
    where
        S: Service<Request<B>, Future = F>,
    {
        let step = match ruled {
            Ruled::Pass => {
                Step::Call { future: service.call(request), admitted: Admitted::default() }
            }
            Ruled::Admit(admitted) => Step::Call { future: service.call(request), admitted },
            Ruled::Deny(denial) => Step::Answer { denial: Some(denial) },
        };
        Self { step }
    }

    #[inline]
    fn poll_response<B, E>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<ResponseBody<B>>, E>>
    where
        F: Future<Output = Result<Response<B>, E>>,
    {
        match self.project().step.project() {
            StepProj::Call { future, admitted } => {
                let mut response = ready!(future.poll(cx))?;
                if let Some(charge) = admitted.charge.take() {
                    charge.settle(&Head::of(&response));
                }
                std::mem::take(&mut admitted.fields).write(response.headers_mut());
                Poll::Ready(Ok(response.map(ResponseBody::inner)))
            }
            StepProj::Answer { denial } => {
                let denial = denial.take().expect("a future is not polled after its end");
                Poll::Ready(Ok(denial.response()))
            }
        }
    }
}

impl<F, W> ResponseFuture<F, W> {
    #[inline]
    pub(crate) const fn next(next: Next<F>) -> Self {
        Self { state: State::Ruled { next } }
    }

    pub(crate) const fn waiting(wait: W) -> Self {
        Self { state: State::Waiting { wait } }
    }
}

impl<F, W, B, E> Future for ResponseFuture<F, W>
where
    F: Future<Output = Result<Response<B>, E>>,
    W: Future<Output = Next<F>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        if let StateProj::Waiting { wait } = state.as_mut().project() {
            let next = ready!(wait.poll(cx));
            state.set(State::Ruled { next });
        }
        match state.project() {
            StateProj::Waiting { .. } => Poll::Pending,
            StateProj::Ruled { next } => next.poll_response(cx),
        }
    }
}
