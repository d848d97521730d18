use std::sync::Arc;

use http::Request;
use tokio::time::Instant;

use crate::{
    Ask, Inbound, KeyHash, Memory, Outcome, Policies, Remote, StoreError, limiter::Limiter,
};

/// Looks into a layer while it works, and changes its policies. Made by
/// [`RateLimitLayer::pair`](crate::RateLimitLayer::pair).
#[derive(Clone, Debug)]
pub struct Handle<St = Memory> {
    limiter: Arc<Limiter<St>>,
}

impl<St> Handle<St> {
    pub(crate) const fn new(limiter: Arc<Limiter<St>>) -> Self {
        Self { limiter }
    }

    /// Replaces the layer's own policies, from the next request on.
    ///
    /// [`Policy`](crate::Policy#when-its-numbers-change) says what becomes of units that were used.
    pub fn replace(&self, policies: impl Into<Policies>) {
        self.limiter.policies.replace(policies.into());
    }

    /// The layer's own policies, as they are now.
    #[must_use]
    pub fn policies(&self) -> Policies {
        self.limiter.policies.read().get().clone()
    }

    /// The key that the layer counts `request` by.
    #[must_use]
    pub fn key<B>(&self, request: &Request<B>) -> Option<KeyHash> {
        self.limiter.key.read(&Inbound::of(request), &self.limiter.secret)
    }

    /// Where the state is kept.
    #[must_use]
    pub fn store(&self) -> &St {
        &self.limiter.store
    }
}

impl<St: Remote> Handle<St> {
    /// How `key` stands: what a request that costs 1 would be told, without taking it.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn peek(&self, key: KeyHash) -> Result<Outcome, StoreError> {
        let policies = self.policies();
        let answer = self.store().peek(&Ask::new(key, &policies, 1, Instant::now()));
        answer.answer().await
    }

    /// Forgets what `key` has used, under the layer's own policies.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn reset(&self, key: KeyHash) -> Result<(), StoreError> {
        let policies = self.policies();
        let answer = self.store().reset(&Ask::new(key, &policies, 1, Instant::now()));
        answer.answer().await
    }
}

impl Handle {
    /// How `key` stands: what a request that costs 1 would be told, without taking it.
    #[must_use]
    pub fn peek(&self, key: KeyHash) -> Outcome {
        self.store().look(&Ask::new(key, &self.policies(), 1, Instant::now()))
    }

    /// Forgets what `key` has used, under the layer's own policies.
    pub fn reset(&self, key: KeyHash) {
        self.store().forget(&Ask::new(key, &self.policies(), 1, Instant::now()));
    }

    /// The store, for gauges.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        self.store()
    }
}
