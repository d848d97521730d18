use battlement_rate_limit::{KeyHash, KeyHasher, Policies, Policy, Query};
use tokio::time::Instant;

use super::Decided;

/// A query that outlives its caller.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) key: KeyHash,
    pub(super) policies: Policies,
    pub(super) cost: u32,
    pub(super) now: Instant,
}

#[derive(Clone, Debug)]
pub(super) enum Operation {
    Acquire,
    Peek,
    Refund(Decided),
    Reset,
}

/// A digest of policies, computed once for each set.
struct Digest(u128);

impl Digest {
    fn new(policies: &[Policy]) -> Self {
        Self(KeyHasher::digest(format!("{policies:?}").as_bytes()))
    }
}

impl Question {
    pub(super) fn new(query: &Query<'_>) -> Self {
        Self { key: query.key, policies: query.policies.clone(), cost: query.cost, now: query.now }
    }

    pub(super) fn as_query(&self) -> Query<'_> {
        Query::new(self.key, &self.policies, self.cost, self.now)
    }

    /// Returns the key of a cached denial. Both parts are hashes already.
    pub(super) fn digest(&self) -> u128 {
        self.key.bits() ^ self.policies.derived(Digest::new).0
    }
}
