use std::{
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::RequestFacts;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

/// An inner layer on a route that shortens or lengthens the deadline which a [`DeadlineLayer`](crate::DeadlineLayer)
/// further out has set.
///
/// The time counts from the start of the request, and is at most the [maximum](crate::DeadlineLayer::max) of the outer
/// layer. It replaces the default as well as a time that the request brought.
#[derive(Clone, Copy, Debug)]
pub struct DeadlineOverride {
    limit: Duration,
}

impl DeadlineOverride {
    /// Creates a layer that moves the deadline of its route's requests to `limit` after their start.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub const fn new(limit: Duration) -> Self {
        assert!(!limit.is_zero(), "DeadlineOverride: `limit` must be greater than zero");
        Self { limit }
    }
}

impl<S> Layer<S> for DeadlineOverride {
    type Service = DeadlineOverrideService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DeadlineOverrideService { inner, limit: self.limit }
    }
}

/// A service whose requests have a deadline of their own, created by [`DeadlineOverride`].
#[derive(Clone, Debug)]
pub struct DeadlineOverrideService<S> {
    inner: S,
    limit: Duration,
}

impl<S> DeadlineOverrideService<S> {
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

impl<S, B> Service<Request<B>> for DeadlineOverrideService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        if let Some(facts) = RequestFacts::of(&request) {
            facts.move_deadline(self.limit);
        }
        self.inner.call(request)
    }
}
