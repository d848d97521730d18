use std::{sync::Arc, time::Duration};

use battlement_core::Head;
use tower_layer::Layer;

use crate::{
    Handle, Headers, Inbound, Key, Memory, Missing, Observe, Policies, RateLimit, Store,
    key::Secret, limiter::Limiter, live::Live,
};

/// Limits how much each key may ask. The crate's docs say what it does and where it goes.
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
/// `St` is where the state is kept: in the memory of this process, or what [`store`](Self::store) was given.
#[derive(Clone, Debug)]
pub struct RateLimitLayer<St = Memory> {
    limiter: Arc<Limiter<St>>,
}

impl RateLimitLayer {
    /// These policies for each of these keys.
    ///
    /// The state is the layer's: all services it makes, on whatever route or connection, and all clones of
    /// it count as one.
    #[must_use]
    pub fn new(policies: impl Into<Policies>, key: impl Into<Key>) -> Self {
        Self {
            limiter: Arc::new(Limiter {
                enabled: true,
                policies: Live::new(policies.into()),
                key: key.into(),
                secret: Secret::random(),
                store: Memory::default(),
                missing: Missing::default(),
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

    /// How many cells are kept at most, one for each key and policy. Default: 250,000, which take up to
    /// 20 MB. [`Memory`] says what happens when they are not enough.
    ///
    /// The layer begins anew with them: call it before clones are made.
    #[must_use]
    pub fn capacity(self, cells: usize) -> Self {
        self.changed(|limiter| limiter.store = Memory::new(cells))
    }
}

impl<St: Store> RateLimitLayer<St> {
    /// Where the state of the keys is kept. Default: in the memory of this process.
    ///
    /// The layer begins anew with it: call it before clones are made.
    #[must_use]
    pub fn store<T: Store>(self, store: T) -> RateLimitLayer<T> {
        RateLimitLayer { limiter: Arc::new(Arc::unwrap_or_clone(self.limiter).on(store)) }
    }

    /// What applies to a request without a key. Default: [`Missing::Shared`].
    #[must_use]
    pub fn without_key(self, missing: Missing) -> Self {
        self.changed(|limiter| limiter.missing = missing)
    }

    /// The headers that tell callers how they stand. Default: [`Headers::Draft10`].
    #[must_use]
    pub fn headers(self, headers: Headers) -> Self {
        self.changed(|limiter| limiter.headers = headers)
    }

    /// Up to how much later than needed those who are turned away are told to come back, at random, so that
    /// they do not all come at once. Default: none.
    #[must_use]
    pub fn jitter(self, most: Duration) -> Self {
        self.changed(|limiter| limiter.jitter = most)
    }

    /// Which requests are not limited, nor counted. Default: none.
    #[must_use]
    pub fn skip(self, when: impl Fn(&Inbound<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.changed(|limiter| limiter.skip = Some(Arc::new(when)))
    }

    /// How many units a request takes. Default: 1. One that takes none passes, and is told how it stands.
    #[must_use]
    pub fn cost(self, units: impl Fn(&Inbound<'_>) -> u32 + Send + Sync + 'static) -> Self {
        self.changed(|limiter| limiter.cost = Some(Arc::new(units)))
    }

    /// Other policies for some requests, as for the tiers of customers; `None` leaves it at the layer's own.
    ///
    /// A key has one state for each name of a policy: give the same name where tiers share a count, and
    /// another where they do not.
    #[must_use]
    pub fn policies_for(
        self,
        tier: impl Fn(&Inbound<'_>) -> Option<Policies> + Send + Sync + 'static,
    ) -> Self {
        self.changed(|limiter| limiter.tiers = Some(Arc::new(tier)))
    }

    /// Which requests cost nothing after all, by the head of their response. Default: none.
    ///
    /// As for a login, of which only failures count: `.refund(|head| head.status.is_success())`. The cost
    /// stays taken while the service works, when the service fails with an error, and when the caller goes
    /// away before the head is there. It costs an allocation.
    #[must_use]
    pub fn refund(self, when: impl Fn(&Head<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.changed(|limiter| limiter.refund = Some(Arc::new(when)))
    }

    /// Whether handlers find a [`RateLimitInfo`](crate::RateLimitInfo) in the request. Default: no, as it
    /// costs an allocation.
    #[must_use]
    pub fn expose(self, expose: bool) -> Self {
        self.changed(|limiter| limiter.expose = expose)
    }

    /// Who is told of each decision. Default: nobody.
    #[must_use]
    pub fn observe(self, observe: impl Observe + 'static) -> Self {
        self.changed(|limiter| limiter.observe = Some(Arc::new(observe)))
    }

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and passes through.
    #[must_use]
    pub fn enabled(self, enabled: bool) -> Self {
        self.changed(|limiter| limiter.enabled = enabled)
    }

    /// The layer, and a handle to look into it and to change its policies while it works.
    #[must_use]
    pub fn pair(self) -> (Self, Handle<St>) {
        let handle = Handle::new(Arc::clone(&self.limiter));
        (self, handle)
    }

    fn changed(mut self, change: impl FnOnce(&mut Limiter<St>)) -> Self {
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
