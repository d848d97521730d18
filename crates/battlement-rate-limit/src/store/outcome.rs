use std::time::Duration;

use smallvec::SmallVec;
use tokio::time::Instant;

use crate::{Decision, Policies, PolicyState, Receipt, Source};

/// The answer of a store: the state of a key under each policy, after the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The state under each policy, in the order of the policies. Empty if the request is allowed although the store
    /// failed.
    pub states: SmallVec<[PolicyState; 2]>,
    /// The source of the decision.
    pub source: Source,
    /// The time of the decision, by the clock of this process.
    pub at: Instant,
    /// The number by which the store finds the charge, to refund it.
    pub receipt: Receipt,
}

impl Outcome {
    /// Creates the answer of `source` to a [`Query`](crate::Query), decided at `at`, with a state for each policy, in
    /// their order.
    #[must_use]
    #[inline]
    pub fn new(states: SmallVec<[PolicyState; 2]>, source: Source, at: Instant) -> Self {
        Self { states, source, at, receipt: Receipt::default() }
    }

    /// Sets the receipt. Default: 0.
    #[must_use]
    pub fn with_receipt(self, receipt: Receipt) -> Self {
        Self { receipt, ..self }
    }

    /// Returns whether a policy denies the request that is not a [shadow](crate::Policy::shadow) policy.
    #[must_use]
    #[inline]
    pub fn is_denied(&self, policies: &Policies) -> bool {
        self.states.iter().any(PolicyState::is_denied) && self.is_denied_by_enforced(policies)
    }

    fn is_denied_by_enforced(&self, policies: &Policies) -> bool {
        let mut decided = self.states.iter().zip(policies.iter());
        decided.any(|(state, policy)| state.is_denied() && !policy.is_shadow())
    }

    /// Returns the time until all policies would allow the request; `None` if a policy never does, or if none denies
    /// it.
    #[must_use]
    pub fn retry_after(&self, policies: &Policies) -> Option<Duration> {
        let decided = self.states.iter().zip(policies.iter());
        let decisions =
            decided.filter(|(_, policy)| !policy.is_shadow()).map(|(state, _)| state.decision);
        let waits = decisions.filter_map(|decision| match decision {
            Decision::Allow => None,
            Decision::Deny { wait } => Some(wait),
        });
        waits.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Above 128 bytes, each move is a call of `memcpy`.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn an_outcome_is_moved_without_a_call() {
        assert!(size_of::<Outcome>() <= 128, "{} bytes", size_of::<Outcome>());
    }
}
