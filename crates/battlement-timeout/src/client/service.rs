use std::{
    fmt,
    task::{Context, Poll},
};

use battlement_core::{Deadline, DefaultReject, Reject};
use tokio::time::Instant;
use tower_service::Service;

use super::layer::CallDeadlineLayer;
use crate::{
    Elapsed, ElapsedKind, TimeoutFuture,
    call::countdown::Countdown,
    expiry,
    facts::{call_deadline, set_call_deadline},
};

/// A service that limits a call with all its tries, created by [`CallDeadlineLayer`].
pub struct CallDeadline<S, A = DefaultReject> {
    inner: S,
    layer: CallDeadlineLayer<A>,
}

impl<S, A> CallDeadline<S, A> {
    pub(super) const fn new(inner: S, layer: CallDeadlineLayer<A>) -> Self {
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

impl<A> CallDeadlineLayer<A> {
    /// Returns the deadline of a call that is made at `now`, and the limit that it comes from.
    fn deadline(&self, now: Instant, of_request: Option<Deadline>) -> (Deadline, ElapsedKind) {
        let own = Deadline::after(now, self.limit);
        match of_request.filter(|deadline| *deadline < own) {
            Some(deadline) => (deadline, ElapsedKind::Deadline),
            None => (own, ElapsedKind::Total),
        }
    }
}

impl<S, A, Req> Service<Req> for CallDeadline<S, A>
where
    S: Service<Req>,
    A: Reject<Req, S::Response, S::Error>,
{
    type Response = A::Response;
    type Error = A::Error;
    type Future = TimeoutFuture<S, Req, A>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), A::Error>> {
        self.inner.poll_ready(cx).map_err(A::error)
    }

    fn call(&mut self, mut request: Req) -> Self::Future {
        let Self { inner, layer } = self;
        let caller = A::late_caller(&request);
        if !layer.config.enabled {
            return TimeoutFuture::new(
                inner.call(request),
                Countdown::unlimited(&layer.config),
                caller,
            );
        }
        let of_request =
            if layer.is_detached { None } else { call_deadline::<A, _, _, _>(&request) };
        let now = Instant::now();
        let (deadline, kind) = layer.deadline(now, of_request);
        if deadline.instant() <= now {
            expiry::report(&Elapsed::NO_TIME, &layer.config.observer);
            return TimeoutFuture::rejected(Countdown::unlimited(&layer.config), caller);
        }
        set_call_deadline::<A, _, _, _>(&mut request, deadline);
        let countdown = Countdown::until(now, deadline, kind, layer.is_detached, &layer.config);
        let _limited = countdown.enter();
        TimeoutFuture::new(inner.call(request), countdown, caller)
    }
}

impl<S: Clone, A> Clone for CallDeadline<S, A> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.layer.clone())
    }
}

impl<S: fmt::Debug, A> fmt::Debug for CallDeadline<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallDeadline").field("inner", &self.inner).finish_non_exhaustive()
    }
}
