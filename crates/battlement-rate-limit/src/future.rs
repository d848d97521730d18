use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::ResponseBody;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{admission::Admission, on_response::OnResponse, rejected::Rejected};

pin_project! {
    /// The future of a [`RateLimit`](crate::RateLimit): first `W`, if the store does not answer at once, then the
    /// service's future `F`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, W> {
        #[pin]
        state: State<F, W>,
        // Beside the state, since a move of a state that holds it is a call of `memcpy`.
        on_response: OnResponse,
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = StateProj]
    enum State<F, W> {
        Wait { #[pin] wait: W },
        Call { #[pin] future: F },
        // `None` after the response was returned.
        Reject { rejected: Option<Box<Rejected>> },
    }
}

/// The next step after a decision: the service's own future, or a rejection.
#[derive(Debug)]
pub struct Next<F>(Called<F>);

#[derive(Debug)]
enum Called<F> {
    Call(F, OnResponse),
    Reject(Box<Rejected>),
}

impl<F> Next<F> {
    /// Calls the service if the request is allowed.
    pub(crate) fn of<S, B>(
        admission: Admission<Infallible>,
        service: &mut S,
        request: Request<B>,
    ) -> Self
    where
        S: Service<Request<B>, Future = F>,
    {
        Self(match admission {
            Admission::Pass(on_response) => Called::Call(service.call(request), on_response),
            Admission::Reject(rejected) => Called::Reject(rejected),
        })
    }
}

impl<F, W> ResponseFuture<F, W> {
    #[inline]
    pub(crate) const fn call(future: F, on_response: OnResponse) -> Self {
        Self { state: State::Call { future }, on_response }
    }

    pub(crate) const fn reject(rejected: Box<Rejected>) -> Self {
        let state = State::Reject { rejected: Some(rejected) };
        Self { state, on_response: OnResponse::NOTHING }
    }

    pub(crate) const fn wait(wait: W) -> Self {
        Self { state: State::Wait { wait }, on_response: OnResponse::NOTHING }
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
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Wait { wait } => match ready!(wait.poll(cx)).0 {
                    Called::Call(future, work) => {
                        *this.on_response = work;
                        this.state.set(State::Call { future });
                    }
                    Called::Reject(rejected) => {
                        this.state.set(State::Reject { rejected: Some(rejected) });
                    }
                },
                StateProj::Call { future } => {
                    let mut response = ready!(future.poll(cx))?;
                    this.on_response.apply(&mut response);
                    return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                }
                StateProj::Reject { rejected } => {
                    let rejected =
                        rejected.take().expect("`ResponseFuture` polled after completion");
                    return Poll::Ready(Ok(rejected.response()));
                }
            }
        }
    }
}
