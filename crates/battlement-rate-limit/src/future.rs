use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::ResponseBody;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    admission::{Admission, Hold},
    on_response::OnResponse,
    rejected::Rejected,
};

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
        Call { #[pin] future: F },
        Held { #[pin] held: Held<W> },
    }
}

pin_project! {
    /// A request that the service does not have: it waits for the store, or is rejected.
    // Apart from the state, so that one comparison tells whether the service has the request.
    #[derive(Debug)]
    #[project = HeldProj]
    enum Held<W> {
        Wait { #[pin] wait: W },
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
            Admission::Hold(Hold::Reject(rejected)) => Called::Reject(rejected),
        })
    }
}

impl<F, W> ResponseFuture<F, W> {
    #[inline]
    pub(crate) const fn call(future: F, on_response: OnResponse) -> Self {
        Self { state: State::Call { future }, on_response }
    }

    pub(crate) const fn reject(rejected: Box<Rejected>) -> Self {
        Self::held(Held::reject(rejected))
    }

    pub(crate) const fn wait(wait: W) -> Self {
        Self::held(Held::Wait { wait })
    }

    const fn held(held: Held<W>) -> Self {
        Self { state: State::Held { held }, on_response: OnResponse::NOTHING }
    }
}

impl<W> Held<W> {
    const fn reject(rejected: Box<Rejected>) -> Self {
        Self::Reject { rejected: Some(rejected) }
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
            let held = match this.state.as_mut().project() {
                StateProj::Held { held } => held,
                StateProj::Call { future } => {
                    let mut response = ready!(future.poll(cx))?;
                    this.on_response.apply(&mut response);
                    return Poll::Ready(Ok(response.map(ResponseBody::inner)));
                }
            };
            match held.project() {
                HeldProj::Wait { wait } => match ready!(wait.poll(cx)).0 {
                    Called::Call(future, work) => {
                        *this.on_response = work;
                        this.state.set(State::Call { future });
                    }
                    Called::Reject(rejected) => {
                        this.state.set(State::Held { held: Held::reject(rejected) });
                    }
                },
                HeldProj::Reject { rejected } => {
                    let rejected =
                        rejected.take().expect("`ResponseFuture` polled after completion");
                    return Poll::Ready(Ok(rejected.response()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Ready;

    use super::*;
    use crate::{AcquireFuture, Memory, MemoryOr, NoWait};

    type Inner = Ready<Result<Response<()>, Infallible>>;

    // Each move of a future copies all of it, although most futures never wait.
    #[test]
    fn the_future_is_as_small_with_a_store_chosen_at_run_time_as_with_memory() {
        type Waiting = Box<AcquireFuture<(), (), MemoryOr<Memory>>>;
        let memory = size_of::<ResponseFuture<Inner, NoWait<Inner>>>();
        assert_eq!(size_of::<ResponseFuture<Inner, Waiting>>(), memory);
    }
}
