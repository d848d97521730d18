use std::sync::{Mutex, PoisonError};

use crate::{
    Memory, Outcome, Policies, Query, Source, StoreError,
    key::Secret,
    remote::{OnFailure, Share},
};

/// The [`OnFailure`] policy of a store, with the memory in which [`OnFailure::LocalFallback`] counts.
///
/// Clones share the memory.
#[derive(Clone, Debug)]
pub struct Fallback {
    on_failure: OnFailure,
    memory: Memory,
    /// Hashes keys for that memory: clients may know how they are hashed for the store.
    secret: Secret,
}

impl Fallback {
    /// Creates the policy of one store.
    #[must_use]
    pub fn new(on_failure: OnFailure) -> Self {
        Self { on_failure, memory: Memory::default(), secret: Secret::random() }
    }

    /// Decides about a question that the store did not answer.
    ///
    /// # Errors
    ///
    /// Returns `error`, the reason why the store did not answer, if the policy is [`OnFailure::Deny`].
    pub fn acquire(&self, query: &Query<'_>, error: StoreError) -> Result<Outcome, StoreError> {
        match self.on_failure {
            OnFailure::Deny => Err(error),
            OnFailure::Allow => {
                Ok(Outcome::new([].into_iter().collect(), Source::FAILURE, query.now))
            }
            OnFailure::LocalFallback { share } => Ok(self.acquire_in_memory(query, share)),
        }
    }

    fn acquire_in_memory(&self, query: &Query<'_>, share: Share) -> Outcome {
        let policies = shared(query.policies, share);
        let key = self.secret.rehash(query.key);
        let outcome = self.memory.acquire(&Query::new(key, &policies, query.cost, query.now));
        // The receipt is that of the memory.
        Outcome { source: Source::FALLBACK, ..outcome }
    }

    /// Refunds a decision of [`acquire`](Self::acquire). Decisions of other sources are ignored.
    pub fn refund(&self, query: &Query<'_>, charged: &Outcome) {
        let OnFailure::LocalFallback { share } = self.on_failure else { return };
        if charged.source != Source::FALLBACK {
            return;
        }
        let policies = shared(query.policies, share);
        let key = self.secret.rehash(query.key);
        self.memory.refund(&Query::new(key, &policies, query.cost, query.now), charged);
    }

    /// Removes the state of the key.
    pub fn reset(&self, query: &Query<'_>) {
        let key = self.secret.rehash(query.key);
        self.memory.reset(&Query::new(key, query.policies, query.cost, query.now));
    }

    /// Returns the policy.
    #[must_use]
    pub const fn on_failure(&self) -> OnFailure {
        self.on_failure
    }

    /// Returns the source of the decisions of this policy.
    #[must_use]
    pub const fn source(&self) -> Source {
        match self.on_failure {
            OnFailure::Deny | OnFailure::Allow => Source::FAILURE,
            OnFailure::LocalFallback { .. } => Source::FALLBACK,
        }
    }

    /// Returns the memory that counts while the store is unavailable.
    #[must_use]
    pub const fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// The shares of one set of policies: mostly a single one, since a process has one number of replicas.
#[derive(Default)]
struct Shares(Mutex<Vec<(Share, Policies)>>);

/// Returns the share of these policies, which is computed once.
fn shared(policies: &Policies, share: Share) -> Policies {
    let shares = &policies.derived(|_| Shares::default()).0;
    let mut shares = shares.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = shares.iter().find(|(known, _)| *known == share) {
        return known.clone();
    }
    let computed = share.of(policies);
    shares.push((share, computed.clone()));
    computed
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::{KeyHash, Policy};

    const ERROR: StoreError = StoreError::Unavailable;

    fn fallback(percent: u32) -> Fallback {
        Fallback::new(OnFailure::LocalFallback { share: Share::percent(percent) })
    }

    #[test]
    fn keys_chosen_to_collide_spread_over_the_memory() {
        let fallback = fallback(100);
        let (policies, now) = (Policies::from(Policy::per_day("day", 2)), Instant::now());
        // The lower bits select one of 64 parts, each of 3,907 keys.
        let query = |n: u128| Query::new(KeyHash::from_bits(n << 64), &policies, 1, now);
        let take = |n| fallback.acquire(&query(n), ERROR).unwrap();
        (0..5_000).for_each(|n| drop(take(n)));
        assert_eq!((fallback.memory().cells(), fallback.memory().overflows()), (5_000, 0));
        let charged = take(0);
        assert_eq!(charged.states[0].remaining, 0);
        fallback.refund(&query(0), &charged);
        assert_eq!(take(0).states[0].remaining, 0, "the refunded unit was acquired again");
        fallback.reset(&query(0));
        assert_eq!(take(0).states[0].remaining, 1, "the reset includes the memory");
    }

    #[test]
    fn stores_with_the_same_policies_count_their_own_shares() {
        let (policies, now) = (Policies::from(Policy::per_day("day", 8)), Instant::now());
        let query = Query::new(KeyHash::from_bits(1), &policies, 1, now);
        let remaining = |fallback: &Fallback| {
            let outcome = fallback.acquire(&query, ERROR).unwrap();
            (outcome.source, outcome.states[0].remaining)
        };
        let [half, quarter] = [50, 25].map(fallback);
        assert_eq!(remaining(&half), (Source::FALLBACK, 3));
        assert_eq!(remaining(&quarter), (Source::FALLBACK, 1));
        assert_eq!(remaining(&half), (Source::FALLBACK, 2));
    }

    #[test]
    fn a_decision_of_the_store_is_not_refunded_in_memory() {
        let (policies, now) = (Policies::from(Policy::per_day("day", 2)), Instant::now());
        let (fallback, query) =
            (fallback(100), Query::new(KeyHash::from_bits(1), &policies, 1, now));
        let charged = fallback.acquire(&query, ERROR).unwrap();
        let other = Outcome { source: Source::new("elsewhere"), ..charged };
        fallback.refund(&query, &other);
        assert_eq!(fallback.acquire(&query, ERROR).unwrap().states[0].remaining, 0);
    }
}
