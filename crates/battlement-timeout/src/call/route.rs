use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use battlement_core::RequestFacts;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::{config::invalid_limit, countdown::RouteLimit};

/// An inner layer on a route that replaces the limit of a [`TimeoutLayer`](crate::TimeoutLayer) further out.
///
/// The limit counts from the call of the outer layer. The request must have facts, which any server layer of battlement
/// creates. An outer layer that returns errors ([`as_error`](crate::TimeoutLayer::as_error)) keeps its own limit, because
/// it does not know that its requests are of HTTP.
///
/// The outer layer learns the limit when the route is called. Calls to other services that a handler makes in its first
/// poll therefore still have the outer limit as their deadline. For a route that makes such calls, use a
/// [`DeadlineLayer`](crate::DeadlineLayer) with a [`DeadlineOverride`](crate::DeadlineOverride), which apply at once.
#[derive(Clone, Debug)]
pub struct TimeoutOverride {
    limit: Arc<RouteLimit>,
}

impl TimeoutOverride {
    /// Creates a layer that limits the calls of its route to `limit`; `None` means no limit.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub fn new(limit: impl Into<Option<Duration>>) -> Self {
        let limit = limit.into();
        if let Some(invalid) = invalid_limit("limit", limit) {
            panic!("TimeoutOverride: {invalid}");
        }
        Self { limit: Arc::new(RouteLimit(limit)) }
    }
}

impl<S> Layer<S> for TimeoutOverride {
    type Service = TimeoutOverrideService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TimeoutOverrideService { inner, limit: Arc::clone(&self.limit) }
    }
}

/// A service whose calls have a limit of their own, created by [`TimeoutOverride`].
#[derive(Clone, Debug)]
pub struct TimeoutOverrideService<S> {
    inner: S,
    limit: Arc<RouteLimit>,
}

impl<S> TimeoutOverrideService<S> {
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

impl<S, B> Service<Request<B>> for TimeoutOverrideService<S>
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
            facts.add_override(Arc::clone(&self.limit));
        }
        self.inner.call(request)
    }
}
