use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

pin_project! {
    /// A call of a service that is polled ready first.
    pub struct Oneshot<F, Req>
    where
        F: Service<Req>,
    {
        #[pin]
        state: State<F, F::Future, Req>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, C, Req> {
        Ready { service: F, request: Option<Req> },
        Call { #[pin] future: C },
    }
}

impl<F: Service<Req>, Req> Oneshot<F, Req> {
    pub(super) const fn new(service: F, request: Req) -> Self {
        Self { state: State::Ready { service, request: Some(request) } }
    }
}

impl<F: Service<Req>, Req> Future for Oneshot<F, Req> {
    type Output = Result<F::Response, F::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProj::Ready { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    let request = request.take().expect("the request waits for the service");
                    let future = service.call(request);
                    state.set(State::Call { future });
                }
                StateProj::Call { future } => return future.poll(cx),
            }
        }
    }
}

impl<F: Service<Req>, Req> fmt::Debug for Oneshot<F, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oneshot").finish_non_exhaustive()
    }
}
