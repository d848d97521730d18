use std::{marker::PhantomData, sync::Arc, time::Duration};

use battlement_core::{DefaultReject, Reject, WithError};
use tower_layer::Layer;

use super::{
    config::{Config, invalid_limit},
    countdown::{Countdown, RouteLimit},
    ready::ReadyTimeoutLayer,
    service::Timeout,
};
use crate::{By, Fixed, Limit, Observe, facts::Facts, observe::Observer};

/// A layer that limits the time of each call of any service.
///
/// The time counts from the call. A service that is ready at once costs no timer: the layer polls the service first,
/// and creates the timer only if the service is pending. An expired call is dropped at once, and what it holds can
/// read [`DropReason::Timeout`](battlement_core::DropReason::Timeout).
///
/// `L` is the limit, and `A` the form of a rejection: a response with the status 504, or with
/// [`as_error`](Self::as_error) an error.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_timeout::{Elapsed, TimeoutLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let query = service_fn(async |id: u32| {
///     std::future::pending::<()>().await;
///     Ok::<_, std::io::Error>(id)
/// });
/// let query = TimeoutLayer::new(Duration::from_millis(10)).as_error().layer(query);
/// let error = query.oneshot(7).await.unwrap_err();
/// assert!(error.is::<Elapsed>());
/// # }
/// ```
#[derive(Debug)]
pub struct TimeoutLayer<L = Fixed, A = DefaultReject> {
    limit: L,
    config: Arc<Config>,
    form: PhantomData<fn() -> A>,
}

impl TimeoutLayer {
    /// Creates a layer that limits each call to `limit`; `None` means no limit.
    ///
    /// Without a limit, calls of routes with a `TimeoutOverride` are limited nevertheless.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub fn new(limit: impl Into<Option<Duration>>) -> Self {
        let limit = limit.into();
        if let Some(invalid) = invalid_limit("limit", limit) {
            panic!("TimeoutLayer: {invalid}");
        }
        Self::of(Fixed(limit), Config::default())
    }
}

impl<F> TimeoutLayer<By<F>> {
    /// Creates a layer that limits each call to the time that `limit` returns for its request; `None` means no limit.
    /// A call whose limit is zero ends when it is first pending.
    #[must_use]
    pub fn by<Req>(limit: F) -> Self
    where
        F: Fn(&Req) -> Option<Duration>,
    {
        Self::of(By(limit), Config::default())
    }
}

impl<L, A> TimeoutLayer<L, A> {
    pub(crate) fn of(limit: L, config: Config) -> Self {
        Self { limit, config: Arc::new(config), form: PhantomData }
    }

    /// Returns an expired call as a boxed [`Elapsed`](crate::Elapsed) instead of a response, as tower's timeout does.
    ///
    /// Without the feature `http`, this form is the only one. A library that wraps other calls than HTTP says so in any
    /// case: another crate of the program may turn the feature on.
    #[must_use]
    pub fn as_error(self) -> TimeoutLayer<L, WithError> {
        TimeoutLayer { limit: self.limit, config: self.config, form: PhantomData }
    }

    /// Includes the wait for the service's readiness in the limit, as behind a concurrency limit or a connection that
    /// is being made.
    ///
    /// The layer is then ready at once, and its future takes the service and polls it ready. So the service must be
    /// `Clone`.
    #[must_use]
    pub fn include_ready(self) -> ReadyTimeoutLayer<L, A> {
        ReadyTimeoutLayer::new(self)
    }

    /// Sets the observer of expired calls, for metrics. Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|config| config.observer = Observer::new(observe))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes calls through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    /// Returns the countdown of a call with `request`, without a limit if the layer is disabled.
    // A call costs more than it saves, since a service has one place that begins calls.
    #[inline(always)]
    pub(super) fn begin<Req, Res, E>(&self, request: &Req) -> Countdown
    where
        L: Limit<Req>,
        A: Reject<Req, Res, E>,
    {
        if !self.config.enabled {
            return Countdown::unlimited(&self.config);
        }
        let facts = Facts::of::<A, RouteLimit, _, _, _>(request);
        Countdown::new(self.limit.limit(request), facts, &self.config)
    }

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

#[cfg(feature = "http")]
impl<L> TimeoutLayer<L> {
    /// Sets the status of the answer to an expired call. Default: 504. A gRPC caller gets DEADLINE_EXCEEDED in any
    /// case.
    ///
    /// # Panics
    ///
    /// If `status` is not 5xx, since the expiry is not the client's error.
    #[must_use]
    pub fn status(self, status: http::StatusCode) -> Self {
        if let Some(invalid) = crate::status::invalid("status", status.as_u16()) {
            panic!("TimeoutLayer: {invalid}");
        }
        self.configure(|config| config.status = Some(status.as_u16()))
    }
}

impl<L: Clone, A> Clone for TimeoutLayer<L, A> {
    fn clone(&self) -> Self {
        let (limit, config) = (self.limit.clone(), Arc::clone(&self.config));
        Self { limit, config, form: PhantomData }
    }
}

impl<S, L: Clone, A> Layer<S> for TimeoutLayer<L, A> {
    type Service = Timeout<S, L, A>;

    fn layer(&self, inner: S) -> Timeout<S, L, A> {
        Timeout::new(inner, self.clone())
    }
}
