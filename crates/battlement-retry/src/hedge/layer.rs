use std::sync::Arc;

use tower_layer::Layer;

use super::{
    HedgeDelay,
    config::{HedgeConfig, invalid_copies},
    service::Hedge,
};
use crate::{Budgets, Observe, observe::Observer};

/// A layer that sends a second copy of a call that takes long, and returns the first success.
///
/// - Only requests that may be repeated are copied, by the rules of [`Idempotency`](crate::Idempotency), and only with a
///   body that is known to fit the [replay limit](Self::replay_limit): by its size hint, or since the first copy has
///   read all of it. A request with `Upgrade` is sent once.
/// - A copy is sent [after](Self::after) a fixed time or a measured percentile, and at once after a failure that a
///   [`RetryLayer`](crate::RetryLayer) would repeat. There are at most two copies in all.
/// - The first success goes back to the caller. The other copies are dropped with
///   [`DropReason::Cancelled`](battlement_core::DropReason). A failure goes back once no copy is in flight.
/// - A response with a pushback, any other failure that must not be repeated, and a local rejection, such as that of an
///   open circuit breaker, end the hedging of the call. Copies in flight may still succeed.
/// - Each copy is taken from the [budget](Self::budget), so that a service that is slow for every call does not get twice
///   the load. A copy that is due but is not allowed by the budget, the deadline of the call or the readiness of the
///   service is not sent later either.
///
/// The status of a gRPC call may be in its trailers, so that a response of gRPC counts as a success from its first
/// message.
///
/// Inside a [`RetryLayer`](crate::RetryLayer), the first attempt of a call is hedged, and its retries are not.
///
/// # State and cost
///
/// The layer and its services share the budget and the measured times, however often the layer is applied or cloned.
/// The service must be `Clone`, because each copy needs an instance that was polled ready. An instance that is not ready
/// at once sends no copy. The head of each request that may be copied is cloned when the call begins; a box is allocated
/// for each further copy that is sent, and none for a call without one.
#[derive(Clone, Debug)]
pub struct HedgeLayer<K> {
    kind: K,
    config: Arc<HedgeConfig>,
}

impl<K> HedgeLayer<K> {
    pub(crate) fn of(kind: K) -> Self {
        Self { kind, config: Arc::default() }
    }

    pub(crate) fn map<T>(self, change: impl FnOnce(K) -> T) -> HedgeLayer<T> {
        HedgeLayer { kind: change(self.kind), config: self.config }
    }

    /// Sets the time after which another copy is sent: a `Duration`, or a [`HedgeDelay`]. Default: the 95th percentile of
    /// the measured times.
    ///
    /// # Panics
    ///
    /// If the time is zero.
    #[must_use]
    pub fn after(self, delay: impl Into<HedgeDelay>) -> Self {
        self.configure(|config| config.delay = delay.into())
    }

    /// Sets the most copies of a call, the first included, from 2 to 10. Default: 2.
    ///
    /// # Panics
    ///
    /// If `copies` is out of range.
    #[must_use]
    pub fn copies(self, copies: u32) -> Self {
        if let Some(invalid) = invalid_copies(copies) {
            panic!("HedgeLayer: {invalid}");
        }
        self.configure(|config| config.copies = copies)
    }

    /// Sets the budget that further copies are taken from. Default: a budget of the layer's own, of 20 % of the calls of
    /// the last 10 seconds, plus one copy per second.
    ///
    /// Give the [`Budget`](crate::Budget) of the outer [`RetryLayer`](crate::RetryLayer), so that it limits retries and
    /// copies together. A call counts once: a call that an outer retry layer repeats is counted by that layer alone, and
    /// a budget that is not also given to it allows only its copies per second. Requests of reqwest have no
    /// extensions that state it, so that both layers count such a call.
    #[must_use]
    pub fn budget(self, budget: impl Into<Budgets>) -> Self {
        self.configure(|config| {
            config.budgets = budget.into();
            config.has_own_budget = false;
        })
    }

    /// Sets the observer of copies, for metrics, which may be that of the [`RetryLayer`](crate::RetryLayer). Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|config| config.observer = Observer::new(observe))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes calls through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|config| config.enabled = enabled)
    }

    pub(crate) fn configure(mut self, change: impl FnOnce(&mut HedgeConfig)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }
}

impl<S, K: Clone> Layer<S> for HedgeLayer<K> {
    type Service = Hedge<S, K>;

    fn layer(&self, inner: S) -> Hedge<S, K> {
        if let Some(observer) = self.config.observer.get() {
            observer.applied(&self.config.budgets);
        }
        Hedge::new(inner, self.kind.clone(), Arc::clone(&self.config))
    }
}
