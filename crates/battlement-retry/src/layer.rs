use std::{sync::Arc, time::Duration};

use battlement_core::WithError;
use tower_layer::Layer;

use crate::{
    Backoff, Budgets, ByPolicy, Observe, Throttle,
    config::{Config, invalid_attempts, invalid_cost},
    observe::Observer,
    service::Retry,
};

/// A layer that repeats failed calls of any service.
///
/// A call has at most three attempts. The wait before each retry is [`Backoff`], and a [`Budget`](crate::Budget) limits
/// the retries to 20 % of the calls, so that a service that is down does not get three times the load. No wait begins
/// that would end after the deadline of the call.
///
/// `K` is the kind of calls: [`ByPolicy`] of [`new`](Self::new), or `Http` of `http`.
///
/// The layer and its services share the budget and the measured times, however often the layer is applied or cloned.
/// The service must be `Clone`, because each attempt needs an instance that was polled ready. A service that is not
/// ready after the wait ends the retry, and the failure goes back; only if a response was dropped before the wait, the
/// call waits for the service.
#[derive(Clone, Debug)]
pub struct RetryLayer<K> {
    kind: K,
    config: Arc<Config>,
}

impl<P> RetryLayer<ByPolicy<P>> {
    /// Creates a layer that repeats the calls that `policy` decides to repeat. The policy is cloned with each call; one
    /// that is costly to clone goes into an `Arc`.
    #[must_use]
    pub fn new(policy: P) -> Self {
        Self::of(ByPolicy::new(policy))
    }

    /// Returns errors as boxed ones, as tower's layers do. The layer can then return errors of its own.
    #[must_use]
    pub fn as_error(self) -> RetryLayer<ByPolicy<P, WithError>> {
        self.map(|kind| ByPolicy::new(kind.policy))
    }
}

/// A kind of calls whose layer has boxed errors.
pub trait Boxed {}

impl<P> Boxed for ByPolicy<P, WithError> {}

/// A kind of calls that the layer can reject.
pub trait Rejects {}

impl<P> Rejects for ByPolicy<P, WithError> {}

impl<K> RetryLayer<K> {
    pub(crate) fn of(kind: K) -> Self {
        Self { kind, config: Arc::default() }
    }

    pub(crate) fn map<T>(self, change: impl FnOnce(K) -> T) -> RetryLayer<T> {
        RetryLayer { kind: change(self.kind), config: self.config }
    }

    /// Sets the most attempts of a call, the first included, from 1 to 100. Default: 3.
    ///
    /// # Panics
    ///
    /// If `attempts` is out of range.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        if let Some(invalid) = invalid_attempts(attempts) {
            panic!("RetryLayer: {invalid}");
        }
        self.configure(|config| config.attempts = attempts)
    }

    /// Sets the wait before each retry. Default: 25 ms doubling to 250 ms, with full jitter.
    #[must_use]
    pub fn backoff(self, backoff: Backoff) -> Self {
        self.configure(|config| config.backoff = backoff)
    }

    /// Sets the wait before a retry if the service is overloaded and named no time. Default: 500 ms to 5 s, with equal
    /// jitter.
    #[must_use]
    pub fn overload_backoff(self, backoff: Backoff) -> Self {
        self.configure(|config| config.overload = backoff)
    }

    /// Sets the longest wait that a service or a policy can ask for. A longer one ends the retry. Default: 2 s.
    #[must_use]
    pub fn longest_wait(self, wait: Duration) -> Self {
        self.configure(|config| config.longest_wait = wait)
    }

    /// Sets the budget: a [`Budget`](crate::Budget), which other layers may share, one for each authority
    /// (`Budget::per_authority`, with HTTP), or [`Budgets::Unlimited`]. Default: 20 % of the calls of
    /// the last 10 seconds, plus one retry per second.
    #[must_use]
    pub fn budget(self, budget: impl Into<Budgets>) -> Self {
        self.configure(|config| config.budgets = budget.into())
    }

    /// Sets the number of retries in the budget that a retry after a timeout counts for, from 1 to 100: it costs the
    /// service more than one after a fast failure. Default: 1.
    ///
    /// # Panics
    ///
    /// If `cost` is out of range.
    #[must_use]
    pub fn timeout_cost(self, cost: u32) -> Self {
        if let Some(invalid) = invalid_cost(cost) {
            panic!("RetryLayer: {invalid}");
        }
        self.configure(|config| config.timeout_cost = cost)
    }

    /// Sets the observer of attempts and retries, for metrics. Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|config| config.observer = Observer::new(observe))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes calls through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    pub(crate) fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

#[cfg(feature = "http")]
impl<K> RetryLayer<K> {
    pub(crate) fn configure_kind(mut self, change: impl FnOnce(K) -> K) -> Self {
        self.kind = change(self.kind);
        self
    }
}

impl<K: Rejects> RetryLayer<K> {
    /// Rejects calls locally while the service rejects most of them. Default: off.
    #[must_use]
    pub fn throttle(self, throttle: Throttle) -> Self {
        self.configure(|config| config.throttle = Some(throttle))
    }
}

impl<K: Boxed> RetryLayer<K> {
    /// Sets whether the error of a call with several attempts is [`RetriesExhausted`](crate::RetriesExhausted), which
    /// names each of them. Default: no, the last error goes back unchanged.
    #[must_use]
    pub fn exhausted_error(self, exhausted: bool) -> Self {
        self.configure(|config| config.exhausted = exhausted)
    }
}

impl<S, K: Clone> Layer<S> for RetryLayer<K> {
    type Service = Retry<S, K>;

    fn layer(&self, inner: S) -> Retry<S, K> {
        if let Some(observer) = self.config.observer.get() {
            observer.applied(&self.config.budgets);
        }
        Retry::new(inner, self.kind.clone(), Arc::clone(&self.config))
    }
}
