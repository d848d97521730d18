use std::{collections::HashMap, time::Duration};

use battlement_rate_limit::{
    Key, KeyHash, Policies, Policy, PolicyState, Query, RateLimitLayer,
    algorithm::{self, Cell},
};
use http::Request;
use tokio::time::Instant;

/// A client of one policy, with its cells under all policies that have applied to it.
pub(crate) struct Client {
    policies: Policies,
    key: KeyHash,
    cells: HashMap<u128, Cell>,
}

impl Client {
    pub(crate) fn new(policy: Policy) -> Self {
        let layer = RateLimitLayer::new(policy.clone(), Key::by(|_| Some("client")));
        let key = layer.pair().1.key(&Request::new(())).unwrap();
        Self { policies: policy.into(), key, cells: HashMap::new() }
    }

    /// Replaces the policy.
    pub(crate) fn replace(&mut self, policy: Policy) {
        self.policies = policy.into();
    }

    /// Sends `count` requests at once, and returns the number of those that are admitted.
    pub(crate) fn send(&mut self, at: Duration, count: usize) -> usize {
        (0..count).filter(|_| !self.decide(at, algorithm::acquire).is_denied()).count()
    }

    /// Returns the state after a request that is not charged.
    pub(crate) fn peek(&mut self, at: Duration) -> PolicyState {
        self.decide(at, algorithm::peek)
    }

    fn decide<S: IntoIterator<Item = PolicyState>>(
        &mut self,
        at: Duration,
        decide: impl Fn(&Query<'_>, &mut [Cell], u64) -> S,
    ) -> PolicyState {
        let query = Query::new(self.key, &self.policies, 1, Instant::now());
        let cell = self.cells.entry(self.policies[0].id()).or_default();
        let states = decide(&query, std::slice::from_mut(cell), at.as_nanos() as u64);
        states.into_iter().next().unwrap()
    }
}
