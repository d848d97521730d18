use std::{
    convert::Infallible,
    marker::PhantomData,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use http::Request;
use tower_service::Service;

use crate::{
    AcquireFuture, Later, Next, Now, Outcome,
    limiter::Pending,
    store::{BoxFuture, Sealed},
};

/// An answer of the store `St` by which a [`RateLimit`](crate::RateLimit) can call the service `S`.
pub trait Admit<S, B, St>: Sealed<Outcome>
where
    S: Service<Request<B>>,
{
    /// The future of a request that waits for the store.
    type Waiting: Future<Output = Next<S::Future>>;

    /// Makes the request wait for the store, together with the service that was polled ready for it.
    fn wait(
        wait: <Self as Sealed<Outcome>>::Wait<Pending<St>>,
        service: &mut S,
        request: Request<B>,
    ) -> Self::Waiting;
}

/// The wait for a store that always answers at once. It has no values, so the compiler removes its code.
#[derive(Debug)]
pub struct NoWait<F>(Infallible, PhantomData<fn() -> F>);

impl<S, B, St> Admit<S, B, St> for Now<Outcome>
where
    S: Service<Request<B>>,
{
    type Waiting = NoWait<S::Future>;

    fn wait(wait: Infallible, _: &mut S, _: Request<B>) -> Self::Waiting {
        match wait {}
    }
}

impl<S, B, St> Admit<S, B, St> for Later<Outcome>
where
    S: Service<Request<B>> + Clone,
    AcquireFuture<S, B, St>: Future<Output = Next<S::Future>>,
{
    type Waiting = AcquireFuture<S, B, St>;

    fn wait(
        (pending, answer): (Pending<St>, BoxFuture<Outcome>),
        service: &mut S,
        request: Request<B>,
    ) -> Self::Waiting {
        // The service that was polled ready waits; the clone has to become ready again.
        let unready = service.clone();
        let ready = mem::replace(service, unready);
        AcquireFuture::new(answer, pending, ready, request)
    }
}

impl<F> Future for NoWait<F> {
    type Output = Next<F>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {}
    }
}
