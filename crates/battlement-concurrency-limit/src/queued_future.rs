use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{Admit, Overloaded, call::Call, guard::Guard, wait::Wait};

pin_project! {
    /// The future of a [`QueuedConcurrencyLimit`](crate::QueuedConcurrencyLimit): first the wait in the queue, then the
    /// call.
    #[must_use = "futures do nothing unless polled"]
    pub struct QueuedConcurrencyLimitFuture<S, K, Req>
    where
        S: Service<Req>,
        K: Admit<Req, S::Response, S::Error>,
    {
        // Dropped before the call, whose permit counts the work.
        #[pin]
        state: State<S, K, Req, S::Future>,
        // Holds no permit while the call waits.
        call: K::Call,
        // Boxed, since every call moves the future, and a rejection does not reach the service.
        rejection: Option<Box<(K::Caller, Overloaded)>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, K, Req, F> {
        Wait {
            service: S,
            request: Option<Req>,
            #[pin]
            wait: Wait,
            guard: Arc<Guard<K>>,
        },
        Call { #[pin] future: F },
        Over,
    }
}

const COMPLETED: &str = "`QueuedConcurrencyLimitFuture` polled after completion";

impl<S, K, Req> QueuedConcurrencyLimitFuture<S, K, Req>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    /// Creates the future of a call that was made.
    #[inline(always)]
    pub(crate) const fn called(future: S::Future, call: K::Call) -> Self {
        Self { state: State::Call { future }, call, rejection: None }
    }

    /// Creates the future of a call that waits.
    pub(crate) fn waiting(service: S, request: Req, wait: Wait, guard: Arc<Guard<K>>) -> Self {
        let call = guard.kind.admitted(Call::uncounted());
        let state = State::Wait { service, request: Some(request), wait, guard };
        Self { state, call, rejection: None }
    }

    /// Creates the future of a call that is not made; `call` holds no permit.
    pub(crate) fn rejected(call: K::Call, caller: K::Caller, error: Overloaded) -> Self {
        Self { state: State::Over, call, rejection: Some(Box::new((caller, error))) }
    }
}

impl<S, K, Req> Future for QueuedConcurrencyLimitFuture<S, K, Req>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    type Output = Result<K::Response, K::Error>;

    #[inline(always)]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let this = self.as_mut().project();
            match this.state.project() {
                StateProj::Call { future } => {
                    let result = ready!(future.poll(cx));
                    return Poll::Ready(K::finish(this.call, result));
                }
                StateProj::Wait { .. } => ready!(self.as_mut().poll_wait(cx)),
                StateProj::Over => {
                    let (caller, error) = *this.rejection.take().expect(COMPLETED);
                    return Poll::Ready(K::reject(caller, error));
                }
            }
        }
    }
}

impl<S, K, Req> QueuedConcurrencyLimitFuture<S, K, Req>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    /// Waits for the permit, and calls the service or rejects the call.
    #[cold]
    fn poll_wait(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let StateProj::Wait { service, request, wait, guard } = this.state.as_mut().project()
        else {
            return Poll::Ready(());
        };
        let result = ready!(wait.poll(cx));
        let request = request.take().expect("the request waits for its permit");
        let next = match result {
            Ok(call) => {
                *this.call = guard.kind.admitted(call);
                State::Call { future: service.call(request) }
            }
            Err(error) => {
                *this.rejection = Some(Box::new((K::caller(&request), error)));
                State::Over
            }
        };
        this.state.set(next);
        Poll::Ready(())
    }
}

impl<S, K, Req> fmt::Debug for QueuedConcurrencyLimitFuture<S, K, Req>
where
    S: Service<Req>,
    K: Admit<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueuedConcurrencyLimitFuture").finish_non_exhaustive()
    }
}
