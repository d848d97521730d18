use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::ResponseBody;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{after::After, answer::Denial, limiter::Ruled};

pin_project! {
    /// The future of a [`RateLimit`](crate::RateLimit): first `W`, if the store does not answer at once, then the
    /// service's future `F`.
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
        Wait { #[pin] wait: W },
        Call { #[pin] future: F, after: After },
        // `None` after the response was returned.
        Answer { denial: Option<Box<Denial>> },
    }
}

/// The next step after a decision: the service's own future, or a rejection.
#[derive(Debug)]
pub struct Next<F>(Result<(F, After), Box<Denial>>);

impl<F> Next<F> {
    /// Calls the service if the request is allowed.
    pub(crate) fn of<S, B>(ruled: Ruled, service: &mut S, request: Request<B>) -> Self
    where
        S: Service<Request<B>, Future = F>,
    {
        Self(ruled.map(|after| (service.call(request), after)))
    }
}

impl<F, W> ResponseFuture<F, W> {
    #[inline]
    pub(crate) const fn call(future: F, after: After) -> Self {
        Self { state: State::Call { future, after } }
    }

    pub(crate) const fn answer(denial: Box<Denial>) -> Self {
        Self { state: State::Answer { denial: Some(denial) } }
    }

    pub(crate) const fn wait(wait: W) -> Self {
        Self { state: State::Wait { wait } }
    }
}

impl<F, W> State<F, W> {
    fn next(next: Next<F>) -> Self {
        match next.0 {
            Ok((future, after)) => Self::Call { future, after },
            Err(denial) => Self::Answer { denial: Some(denial) },
        }
    }
}

impl<F, W, B, E> Future for ResponseFuture<F, W>
where
    F: Future<Output = Result<Response<B>, E>>,
    W: Future<Output = Next<F>>,
{
    type Output = Result<Response<ResponseBody<B>>, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Wait { wait } => {
                    let next = ready!(wait.poll(cx));
                    state.set(State::next(next));
                }
                StateProj::Call { future, after } => {
                    let mut response = ready!(future.poll(cx))?;
                    after.finish(&mut response);
                    return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                }
                StateProj::Answer { denial } => {
                    let denial = denial.take().expect("`ResponseFuture` polled after completion");
                    return Poll::Ready(Ok(denial.response()));
                }
            }
        }
    }
}
