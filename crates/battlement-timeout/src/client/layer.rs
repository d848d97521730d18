use std::{marker::PhantomData, sync::Arc, time::Duration};

use battlement_core::{DefaultReject, WithError};
use tower_layer::Layer;

use super::service::CallDeadline;
use crate::{
    Observe,
    call::config::{Config, invalid_limit},
    observe::Observer,
};

/// A layer that limits a call with all its tries.
///
/// The limit is the shorter of the layer's own and the time left until the deadline of the request that makes the call.
/// A call with no time left is not made. The deadline is stored in the facts of the call
/// ([`CallFacts`](battlement_core::CallFacts)), from which a `PropagateDeadlineLayer` further in sends it.
///
/// The layer goes outside of retries; a [`TimeoutLayer`](crate::TimeoutLayer) inside of them limits each try.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_timeout::CallDeadlineLayer;
///
/// let charge = CallDeadlineLayer::new(Duration::from_secs(2));
/// // The stock of a failed order is released whatever time its request had.
/// let release = CallDeadlineLayer::new(Duration::from_secs(2)).detached();
/// ```
#[derive(Debug)]
pub struct CallDeadlineLayer<A = DefaultReject> {
    pub(super) limit: Duration,
    pub(super) is_detached: bool,
    pub(super) config: Arc<Config>,
    form: PhantomData<fn() -> A>,
}

impl CallDeadlineLayer {
    /// Creates a layer that limits each call to `limit`, or to the time that its request has left.
    ///
    /// # Panics
    ///
    /// If `limit` is zero.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        if let Some(invalid) = invalid_limit("limit", Some(limit)) {
            panic!("CallDeadlineLayer: {invalid}");
        }
        Self::of(limit, false, Config::default())
    }
}

impl<A> CallDeadlineLayer<A> {
    pub(crate) fn of(limit: Duration, is_detached: bool, config: Config) -> Self {
        Self { limit, is_detached, config: Arc::new(config), form: PhantomData }
    }

    #[cfg(feature = "http")]
    pub(crate) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Ignores the deadline of the request and keeps the layer's own limit, for calls that must finish.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.is_detached = true;
        self
    }

    /// Returns an expired call as a boxed [`Elapsed`](crate::Elapsed) instead of a response.
    ///
    /// Without the feature `http`, this form is the only one; see [`TimeoutLayer::as_error`](crate::TimeoutLayer::as_error).
    #[must_use]
    pub fn as_error(self) -> CallDeadlineLayer<WithError> {
        let Self { limit, is_detached, config, .. } = self;
        CallDeadlineLayer { limit, is_detached, config, form: PhantomData }
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

    fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

#[cfg(feature = "http")]
impl CallDeadlineLayer {
    /// Sets the status of the answer to an expired call. Default: 504.
    ///
    /// # Panics
    ///
    /// If `status` is not 5xx.
    #[must_use]
    pub fn status(self, status: http::StatusCode) -> Self {
        if let Some(invalid) = crate::status::invalid("status", status.as_u16()) {
            panic!("CallDeadlineLayer: {invalid}");
        }
        self.configure(|config| config.status = Some(status.as_u16()))
    }
}

impl<A> Clone for CallDeadlineLayer<A> {
    fn clone(&self) -> Self {
        let Self { limit, is_detached, .. } = *self;
        Self { limit, is_detached, config: Arc::clone(&self.config), form: PhantomData }
    }
}

impl<S, A> Layer<S> for CallDeadlineLayer<A> {
    type Service = CallDeadline<S, A>;

    fn layer(&self, inner: S) -> Self::Service {
        CallDeadline::new(inner, self.clone())
    }
}
