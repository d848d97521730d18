use std::{
    fmt, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use battlement_core::{DefaultReject, Reject, Timer};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{countdown::Countdown, layer::TimeoutLayer};
use crate::{Fixed, Limit};

/// A [`TimeoutLayer`] whose limit includes the wait for readiness, created by [`TimeoutLayer::include_ready`].
#[derive(Clone, Debug)]
pub struct ReadyTimeoutLayer<L = Fixed, A = DefaultReject> {
    layer: TimeoutLayer<L, A>,
}

impl<L, A> ReadyTimeoutLayer<L, A> {
    pub(super) const fn new(layer: TimeoutLayer<L, A>) -> Self {
        Self { layer }
    }
}

impl<S, L: Clone, A> Layer<S> for ReadyTimeoutLayer<L, A> {
    type Service = ReadyTimeout<S, L, A>;

    fn layer(&self, inner: S) -> Self::Service {
        ReadyTimeout { inner, layer: self.layer.clone() }
    }
}

/// A service that limits the time of each call and of the wait for readiness, created by [`ReadyTimeoutLayer`].
pub struct ReadyTimeout<S, L = Fixed, A = DefaultReject> {
    inner: S,
    layer: TimeoutLayer<L, A>,
}

impl<S, L, A> ReadyTimeout<S, L, A> {
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

impl<S, L, A, Req> Service<Req> for ReadyTimeout<S, L, A>
where
    S: Service<Req> + Clone,
    L: Limit<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Response = A::Response;
    type Error = A::Error;
    type Future = ReadyTimeoutFuture<S, Req, A>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let fresh = self.inner.clone();
        let service = mem::replace(&mut self.inner, fresh);
        let countdown = self.layer.begin::<Req, S::Response, S::Error>(&request);
        let caller = Some(A::late_caller(&request));
        let state = State::Wait { service, request: Some(request) };
        ReadyTimeoutFuture { state, timer: Timer::unset(), countdown, caller }
    }
}

impl<S: Clone, L: Clone, A> Clone for ReadyTimeout<S, L, A> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S: fmt::Debug, L: fmt::Debug, A> fmt::Debug for ReadyTimeout<S, L, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyTimeout").field("inner", &self.inner).finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of a [`ReadyTimeout`]: first the wait for readiness, then the call.
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadyTimeoutFuture<S, Req, A>
    where
        S: Service<Req>,
        A: Reject<Req, S::Response, S::Error>,
    {
        #[pin]
        state: State<S, S::Future, Req>,
        #[pin]
        timer: Timer,
        countdown: Countdown,
        caller: Option<A::Caller>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, F, Req> {
        Wait { service: S, request: Option<Req> },
        Call { #[pin] future: F },
        Done,
    }
}

impl<S, Req> State<S, S::Future, Req>
where
    S: Service<Req>,
{
    /// Polls the service ready, calls it, and polls its future.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<S::Response, S::Error>> {
        loop {
            match self.as_mut().project() {
                StateProj::Wait { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let request = request.take().expect("the request waits for the service");
                    let future = service.call(request);
                    self.set(Self::Call { future });
                }
                StateProj::Call { future } => return future.poll(cx),
                StateProj::Done => panic!("`ReadyTimeoutFuture` polled after completion"),
            }
        }
    }
}

impl<S, Req, A> Future for ReadyTimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Output = Result<A::Response, A::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let limited = this.countdown.enter();
        let polled = this.state.as_mut().poll(cx);
        drop(limited);
        if let Poll::Ready(result) = polled {
            return Poll::Ready(A::pass(result));
        }
        let elapsed = ready!(this.countdown.poll_expired(this.timer, cx));
        this.countdown.drop_call(|| this.state.set(State::Done));
        let caller = this.caller.take().expect("`ReadyTimeoutFuture` polled after completion");
        Poll::Ready(A::reject(caller, elapsed))
    }
}

impl<S, Req, A> fmt::Debug for ReadyTimeoutFuture<S, Req, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyTimeoutFuture").finish_non_exhaustive()
    }
}
