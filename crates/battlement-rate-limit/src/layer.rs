use std::{sync::Arc, time::Duration};

use battlement_core::{Head, RequestHead};
use tower_layer::Layer;

use crate::{
    Handle, Headers, Key, Memory, MissingKey, Observe, Policies, RateLimit, Store, key::Secret,
    limiter::Limiter, swappable::Swappable,
};

/// A layer that limits the requests of each key.
///
/// The documentation of the crate describes its effect and its place in the stack.
///
/// # Example
///
/// ```
/// use battlement_rate_limit::{Key, Policy, RateLimitLayer};
///
/// let layer = RateLimitLayer::new(
///     [Policy::per_second("burst", 10).burst(20), Policy::per_day("daily", 10_000)],
///     Key::client_ip(),
/// );
/// ```
///
/// `St` is the store: [`Memory`], unless [`store`](Self::store) has replaced it.
#[derive(Clone, Debug)]
pub struct RateLimitLayer<St = Memory> {
    limiter: Arc<Limiter<St>>,
}

impl RateLimitLayer {
    /// Creates a layer that applies `policies` to each value of `key`.
    ///
    /// The layer owns the state: all services that it creates, on any route or connection, and all of its clones share
    /// one count.
    #[must_use]
    pub fn new(policies: impl Into<Policies>, key: impl Into<Key>) -> Self {
        Self {
            limiter: Arc::new(Limiter {
                enabled: true,
                policies: Swappable::new(policies.into()),
                key: key.into(),
                secret: Secret::random(),
                store: Memory::default(),
                missing_key: MissingKey::default(),
                headers: Headers::default(),
                jitter: Duration::ZERO,
                expose: false,
                skip: None,
                cost: None,
                tiers: None,
                refund: None,
                observe: None,
            }),
        }
    }

    /// Sets the maximum number of cells, one for each key and policy. Default: 250,000, which take up to 20 MB.
    /// [`Memory`] describes the behavior when the cells do not suffice.
    ///
    /// The layer starts with an empty store: call this method before the layer is cloned.
    #[must_use]
    pub fn capacity(self, cells: usize) -> Self {
        self.configure(|limiter| limiter.store = Memory::new(cells))
    }
}

impl<St: Store> RateLimitLayer<St> {
    /// Replaces the store. Default: the memory of this process.
    ///
    /// The layer starts with the state of that store: call this method before the layer is cloned.
    #[must_use]
    pub fn store<T: Store>(self, store: T) -> RateLimitLayer<T> {
        RateLimitLayer { limiter: Arc::new(Arc::unwrap_or_clone(self.limiter).with_store(store)) }
    }

    /// Sets the treatment of requests without a key. Default: [`MissingKey::Shared`].
    #[must_use]
    pub fn without_key(self, missing_key: MissingKey) -> Self {
        self.configure(|limiter| limiter.missing_key = missing_key)
    }

    /// Sets the headers that report the limits to clients. Default: [`Headers::Draft10`].
    #[must_use]
    pub fn headers(self, headers: Headers) -> Self {
        self.configure(|limiter| limiter.headers = headers)
    }

    /// Adds a random time of up to `most` to the `Retry-After` of rejected requests, so that their clients do not all
    /// return at the same moment. Default: none.
    #[must_use]
    pub fn jitter(self, most: Duration) -> Self {
        self.configure(|limiter| limiter.jitter = most)
    }

    /// Exempts the requests for which `when` returns true: they are neither limited nor counted. Default: none.
    #[must_use]
    pub fn skip(self, when: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.configure(|limiter| limiter.skip = Some(Arc::new(when)))
    }

    /// Sets the number of units that a request costs. Default: 1. A request that costs 0 is allowed, and its response
    /// carries the remaining quota.
    #[must_use]
    pub fn cost(self, units: impl Fn(&RequestHead<'_>) -> u32 + Send + Sync + 'static) -> Self {
        self.configure(|limiter| limiter.cost = Some(Arc::new(units)))
    }

    /// Selects other policies for some requests, as for the tiers of customers; `None` selects the layer's own.
    ///
    /// A key has one state for each policy name: use the same name where tiers share a count, and different names
    /// where they do not.
    #[must_use]
    pub fn policies_for(
        self,
        tier: impl Fn(&RequestHead<'_>) -> Option<Policies> + Send + Sync + 'static,
    ) -> Self {
        self.configure(|limiter| limiter.tiers = Some(Arc::new(tier)))
    }

    /// Refunds the cost of requests whose response head satisfies `when`. Default: none.
    ///
    /// For a login of which only failures count: `.refund(|head| head.status.is_success())`. The cost remains charged
    /// while the service works, if it fails with an error, and if the caller disconnects before the head is available.
    /// A refund costs one allocation for each request.
    #[must_use]
    pub fn refund(self, when: impl Fn(&Head<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.configure(|limiter| limiter.refund = Some(Arc::new(when)))
    }

    /// Sets whether handlers find a [`RateLimitInfo`](crate::RateLimitInfo) in the extensions of the request. Default:
    /// no, since it costs an allocation.
    #[must_use]
    pub fn expose(self, expose: bool) -> Self {
        self.configure(|limiter| limiter.expose = expose)
    }

    /// Sets the observer of the decisions, for metrics. Default: none.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.configure(|limiter| limiter.observe = Some(Arc::new(observe)))
    }

    /// Sets whether the layer is active. Default: yes. A disabled layer has the same types and passes requests
    /// through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.configure(|limiter| limiter.enabled = enabled)
    }

    /// Returns the layer, and a handle that reads its state and replaces its policies at runtime.
    #[must_use]
    pub fn pair(self) -> (Self, Handle<St>) {
        let handle = Handle::new(Arc::clone(&self.limiter));
        (self, handle)
    }

    fn configure(mut self, change: impl FnOnce(&mut Limiter<St>)) -> Self {
        change(Arc::make_mut(&mut self.limiter));
        self
    }
}

impl<S, St> Layer<S> for RateLimitLayer<St> {
    type Service = RateLimit<S, St>;

    fn layer(&self, inner: S) -> RateLimit<S, St> {
        RateLimit::new(inner, Arc::clone(&self.limiter))
    }
}
