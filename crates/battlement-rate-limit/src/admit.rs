#![allow(private_interfaces, reason = "only this crate implements and calls `Admit`")]

use std::{
    convert::Infallible,
    marker::PhantomData,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::Request;
use tower_service::Service;

use crate::{
    AcquireFuture, Answer as _, Chosen, Later, MemoryOr, Next, Now, Outcome, Query, Store,
    admission::Admission,
    limiter::{Limiter, Pending},
    store::BoxFuture,
};

/// An answer of the store `St` by which a [`RateLimit`](crate::RateLimit) can call the service `S`.
pub trait Admit<S, B, St>
where
    S: Service<Request<B>>,
{
    /// The wait for the store, without the service and the request.
    type Wait;
    /// The future of a request that waits for the store.
    type Waiting: Future<Output = Next<S::Future>>;

    /// Asks the store and decides about the request, as far as the store answers at once.
    fn decide(
        limiter: &Arc<Limiter<St>>,
        query: &Query<'_>,
        request: &mut Request<B>,
    ) -> Admission<Self::Wait>;

    /// Makes the request wait for the store, together with the service that was polled ready for it.
    fn wait(wait: Self::Wait, service: &mut S, request: Request<B>) -> Self::Waiting;
}

/// The wait for a store that always answers at once. It has no values, so the compiler removes its code.
#[derive(Debug)]
pub struct NoWait<F>(Infallible, PhantomData<fn() -> F>);

impl<S, B, St> Admit<S, B, St> for Now<Outcome>
where
    S: Service<Request<B>>,
    St: Store<Answer<Outcome> = Self>,
{
    type Wait = Infallible;
    type Waiting = NoWait<S::Future>;

    #[inline]
    fn decide(
        limiter: &Arc<Limiter<St>>,
        query: &Query<'_>,
        request: &mut Request<B>,
    ) -> Admission<Infallible> {
        limiter.apply(query, &limiter.store.acquire(query).0, request)
    }

    fn wait(wait: Infallible, _: &mut S, _: Request<B>) -> Self::Waiting {
        match wait {}
    }
}

impl<S, B, St> Admit<S, B, St> for Later<Outcome>
where
    S: Service<Request<B>> + Clone,
    St: Store<Answer<Outcome> = Self>,
{
    type Wait = (BoxFuture<Outcome>, Pending<St>);
    type Waiting = AcquireFuture<S, B, St>;

    #[inline]
    fn decide(
        limiter: &Arc<Limiter<St>>,
        query: &Query<'_>,
        request: &mut Request<B>,
    ) -> Admission<Self::Wait> {
        limiter.apply_later(query, limiter.store.acquire(query), request)
    }

    fn wait((answer, pending): Self::Wait, service: &mut S, request: Request<B>) -> Self::Waiting {
        let mut waiting = AcquireFuture::new(answer, pending);
        waiting.hold(ready(service), request);
        waiting
    }
}

/// A request that waits is in a box, which costs little beside a round trip: otherwise, each move of a future that does not
/// wait would copy as many bytes.
impl<S, B, R> Admit<S, B, MemoryOr<R>> for Chosen<Outcome>
where
    S: Service<Request<B>> + Clone,
    R: Store,
{
    type Wait = Box<AcquireFuture<S, B, MemoryOr<R>>>;
    type Waiting = Self::Wait;

    // The memory is asked rather than the store, into whose answer the outcome would have to be copied.
    #[inline]
    fn decide(
        limiter: &Arc<Limiter<MemoryOr<R>>>,
        query: &Query<'_>,
        request: &mut Request<B>,
    ) -> Admission<Self::Wait> {
        match &limiter.store {
            MemoryOr::Memory(memory) => limiter.apply(query, &memory.acquire(query), request),
            MemoryOr::Remote(remote) => decide_remote(limiter, remote, query, request),
        }
    }

    fn wait(mut wait: Self::Wait, service: &mut S, request: Request<B>) -> Self::Waiting {
        wait.hold(ready(service), request);
        wait
    }
}

/// Decides by the other store. Not inlined, so that the decision by the memory is.
#[inline(never)]
fn decide_remote<S, B, R: Store>(
    limiter: &Arc<Limiter<MemoryOr<R>>>,
    remote: &R,
    query: &Query<'_>,
    request: &mut Request<B>,
) -> Admission<Box<AcquireFuture<S, B, MemoryOr<R>>>> {
    let answer = remote.acquire(query).into_later();
    let admission = limiter.apply_later(query, answer, request);
    admission.map_wait(|(answer, pending)| Box::new(AcquireFuture::new(answer, pending)))
}

/// Takes the service that was polled ready. A clone, which has to become ready again, takes its place.
fn ready<S: Clone>(service: &mut S) -> S {
    let unready = service.clone();
    mem::replace(service, unready)
}

impl<F> Future for NoWait<F> {
    type Output = Next<F>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0 {}
    }
}
