use std::sync::Arc;

use battlement_core::RequestHead;
use http::Request;
use tokio::time::Instant;

use crate::{Ask, KeyHash, Memory, Outcome, Policies, Remote, StoreError, limiter::Limiter};

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

impl<St: Remote> Handle<St> {
    /// Returns the decision about a request of cost 1 with this key, without charging it.
    ///
    /// # Errors
    ///
    /// Returns an error if the store fails.
    pub async fn peek(&self, key: KeyHash) -> Result<Outcome, StoreError> {
        let policies = self.policies();
        let answer = self.store().peek(&Ask::new(key, &policies, 1, Instant::now()));
        answer.answer().await
    }

    /// Removes the state of `key` under the layer's own policies.
    ///
    /// # Errors
    ///
    /// Returns an error if the store fails.
    pub async fn reset(&self, key: KeyHash) -> Result<(), StoreError> {
        let policies = self.policies();
        let answer = self.store().reset(&Ask::new(key, &policies, 1, Instant::now()));
        answer.answer().await
    }
}

impl Handle {
    /// Returns the decision about a request of cost 1 with this key, without charging it.
    #[must_use]
    pub fn peek(&self, key: KeyHash) -> Outcome {
        self.store().peek(&Ask::new(key, &self.policies(), 1, Instant::now()))
    }

    /// Removes the state of `key` under the layer's own policies.
    pub fn reset(&self, key: KeyHash) {
        self.store().reset(&Ask::new(key, &self.policies(), 1, Instant::now()));
    }

    /// Returns the store in memory, for gauges.
    #[must_use]
    pub fn memory(&self) -> &Memory {
        self.store()
    }
}
