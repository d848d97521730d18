use std::{
    sync::Arc,
    task::{Context, Poll},
};

use battlement_core::RequestFacts;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Level;

use crate::Sample;

/// The settings of a route, as the record of a request reads them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RouteSettings {
    pub(crate) level: Option<Level>,
    pub(crate) sample: Option<Sample>,
    pub(crate) off: bool,
}

/// An inner layer on a route that changes the record of its requests, which an [`AccessLogLayer`](crate::AccessLogLayer)
/// further out writes.
///
/// If several overrides apply to a request, the innermost replaces the others. The line of a
/// [received](crate::AccessLogLayer::received) request is written before the request reaches its route, and is not
/// affected.
///
/// # Example
///
/// ```
/// use battlement_access_log::{AccessLogOverride, Level, Sample};
///
/// let noisy = AccessLogOverride::new().level(Level::DEBUG).sample(Sample::one_in(100));
/// let silent = AccessLogOverride::new().off();
/// ```
#[derive(Clone, Debug, Default)]
pub struct AccessLogOverride {
    settings: Arc<RouteSettings>,
}

impl AccessLogOverride {
    /// Creates a layer that changes nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the level of requests that succeed or end with a client error. Other requests keep their level, so that
    /// a quiet route does not hide its failures.
    #[must_use]
    pub fn level(self, level: Level) -> Self {
        self.configure(|settings| settings.level = Some(level))
    }

    /// Sets the share of requests that are recorded.
    #[must_use]
    pub fn sample(self, sample: Sample) -> Self {
        self.configure(|settings| settings.sample = Some(sample))
    }

    /// Switches the records off, also those of requests that fail.
    #[must_use]
    pub fn off(self) -> Self {
        self.configure(|settings| settings.off = true)
    }

    fn configure(mut self, change: impl FnOnce(&mut RouteSettings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl<S> Layer<S> for AccessLogOverride {
    type Service = AccessLogOverrideService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AccessLogOverrideService { inner, settings: Arc::clone(&self.settings) }
    }
}

/// A service with its own record settings, created by [`AccessLogOverride`].
#[derive(Clone, Debug)]
pub struct AccessLogOverrideService<S> {
    inner: S,
    settings: Arc<RouteSettings>,
}

impl<S> AccessLogOverrideService<S> {
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

impl<S, B> Service<Request<B>> for AccessLogOverrideService<S>
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
            facts.add_override(Arc::clone(&self.settings));
        }
        self.inner.call(request)
    }
}
