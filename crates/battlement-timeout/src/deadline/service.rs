use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::{DefaultReject, EnteredFacts, Reject, RequestFacts, Wire};
use http::{Request, Response};
use tower_service::Service;

use super::{
    arrival::{Brought, Sent},
    config::Config,
    future::DeadlineFuture,
    layer::DeadlineLayer,
    remains::Remains,
};
use crate::{DeadlineBody, Elapsed, expiry};

/// A service that sets the deadline of each request, created by [`DeadlineLayer`].
pub struct DeadlineService<S, A = DefaultReject> {
    inner: S,
    layer: DeadlineLayer<A>,
}

impl<S, A> DeadlineService<S, A> {
    pub(super) const fn new(inner: S, layer: DeadlineLayer<A>) -> Self {
        Self { inner, layer }
    }

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

impl<S, A, B, RB> Service<Request<B>> for DeadlineService<S, A>
where
    S: Service<Request<B>, Response = Response<RB>>,
    A: Reject<Request<B>, Response<RB>, S::Error>,
{
    type Response = Response<DeadlineBody<RB>>;
    type Error = A::Error;
    type Future = DeadlineFuture<S, Request<B>, A>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        self.inner.poll_ready(cx).map_err(A::error)
    }

    #[inline]
    fn call(&mut self, request: Request<B>) -> Self::Future {
        let config = self.layer.config();
        let wire = Wire::of_request(request.method(), request.headers());
        let mut facts = RequestFacts::of(&request).filter(|_| config.enabled).cloned();
        if config.enabled {
            let sent = config.sent(request.headers());
            if facts.is_none() || wire.is_grpc() || sent.is_some() {
                // Taken and not moved, or each call would check whether it has moved them.
                return self.prepare(request, wire, facts.take(), sent);
            }
        }
        if config.is_late(facts.as_ref(), Brought::NOTHING) {
            return reject(request, config);
        }
        let caller = A::late_caller(&request);
        let entered = EnteredFacts::enter(&mut facts);
        DeadlineFuture::limited(
            self.inner.call(request),
            Remains::new(entered.leave(), Arc::clone(config)),
            wire,
            false,
            caller,
        )
    }
}

impl<S, A> DeadlineService<S, A> {
    /// Serves a request that has no facts, or that may bring a time.
    // A function of its own, since references to the request that are passed on cost a copy of the request.
    #[inline(never)]
    fn prepare<B, RB>(
        &mut self,
        mut request: Request<B>,
        wire: Wire,
        facts: Option<RequestFacts>,
        sent: Option<Sent>,
    ) -> DeadlineFuture<S, Request<B>, A>
    where
        S: Service<Request<B>, Response = Response<RB>>,
        A: Reject<Request<B>, Response<RB>, S::Error>,
    {
        let config = self.layer.config();
        let mut facts = facts.or_else(|| Some(RequestFacts::of_or_start(&mut request)));
        let brought = config.brought(wire, sent, &mut request);
        if config.is_late(facts.as_ref(), brought) {
            return reject(request, config);
        }
        let caller = A::late_caller(&request);
        let entered = EnteredFacts::enter(&mut facts);
        DeadlineFuture::limited(
            self.inner.call(request),
            Remains::new(entered.leave(), Arc::clone(config)),
            wire,
            brought.has_grpc_timeout,
            caller,
        )
    }
}

/// Creates the future of a request that is not served, since it has no time left.
#[cold]
#[expect(
    clippy::needless_pass_by_value,
    reason = "a reference would cost each call a copy of its request"
)]
fn reject<S, A, B, RB>(
    request: Request<B>,
    config: &Arc<Config>,
) -> DeadlineFuture<S, Request<B>, A>
where
    S: Service<Request<B>, Response = Response<RB>>,
    A: Reject<Request<B>, Response<RB>, S::Error>,
{
    expiry::report(&Elapsed::NO_TIME, &config.observer);
    DeadlineFuture::rejected(A::caller(&request), config)
}

impl<S: Clone, A> Clone for DeadlineService<S, A> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}

impl<S: fmt::Debug, A> fmt::Debug for DeadlineService<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadlineService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
