use std::sync::Arc;

use battlement_core::RequestHead;
use http::Request;
use tokio::time::Instant;

use crate::{Answer, KeyHash, Memory, Outcome, Policies, Query, Store, limiter::Limiter};

/// A handle that reads the state of a layer and replaces its policies at runtime, created by
/// [`RateLimitLayer::pair`](crate::RateLimitLayer::pair).
#[derive(Clone, Debug)]
pub struct Handle<St = Memory> {
    limiter: Arc<Limiter<St>>,
}

impl<St> Handle<St> {
    pub(crate) const fn new(limiter: Arc<Limiter<St>>) -> Self {
        Self { limiter }
    }

    /// Replaces the layer's own policies, starting with the next request.
    ///
    /// [`Policy`](crate::Policy#when-its-numbers-change) describes what happens to used units.
    pub fn replace(&self, policies: impl Into<Policies>) {
        self.limiter.policies.replace(policies.into());
    }

    /// Returns the layer's current policies.
    #[must_use]
    pub fn policies(&self) -> Policies {
        self.limiter.policies.read().get().clone()
    }

    /// Returns the key by which the layer counts `request`.
    #[must_use]
    pub fn key<B>(&self, request: &Request<B>) -> Option<KeyHash> {
        self.limiter.key.read(&RequestHead::of(request), &self.limiter.secret)
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &St {
        &self.limiter.store
    }
}

impl<St: Store> Handle<St> {
    /// Returns the decision about a request of cost 1 with this key, without charging it: an [`Outcome`] if the store
    /// answers at once, and otherwise a future ([`Later`](crate::Later)) of it.
    #[must_use]
    pub fn peek(&self, key: KeyHash) -> <St::Answer<Outcome> as Answer<Outcome>>::Value {
        let policies = self.policies();
        self.store().peek(&Query::new(key, &policies, 1, Instant::now())).into_value()
    }

    /// Removes the state of `key` under the layer's own policies. If the store does not answer at once, the result is a
    /// future ([`Later`](crate::Later)), which must be awaited.
    #[expect(clippy::must_use_candidate, reason = "`Later` must be used, and `()` need not")]
    pub fn reset(&self, key: KeyHash) -> <St::Answer<()> as Answer<()>>::Value {
        let policies = self.policies();
        self.store().reset(&Query::new(key, &policies, 1, Instant::now())).into_value()
    }
}

impl Handle {
    /// Returns the store in memory, for gauges.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        self.store()
    }
}
