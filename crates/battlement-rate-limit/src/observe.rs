use crate::{Outcome, Policies, Policy, PolicyState, Source};

/// Told of every decision, for metrics. It is never told the key.
///
/// Called on the request's path: count, and return. What the store holds is told by
/// [`Memory::held`](crate::Memory::held) and [`Memory::overflows`](crate::Memory::overflows).
pub trait Observe: Send + Sync {
    /// A policy has decided a request.
    fn on_decision(&self, policy: &str, decision: Decision, source: Source);

    /// A request had no key.
    fn on_missing_key(&self) {}
}

/// What became of a request under one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// It passed.
    Allow,
    /// It was turned away.
    Deny,
    /// It would have been turned away if the policy were not only tried out.
    ShadowDeny,
}

impl Decision {
    /// The word for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::ShadowDeny => "shadow_deny",
        }
    }

    fn of(policy: &Policy, state: &PolicyState) -> Self {
        match (state.is_denied(), policy.is_shadow()) {
            (false, _) => Self::Allow,
            (true, false) => Self::Deny,
            (true, true) => Self::ShadowDeny,
        }
    }
}

/// That the store failed, and what was chosen for that.
pub(crate) fn tell_failure(observe: &dyn Observe, policies: &Policies, decision: Decision) {
    for policy in policies.iter() {
        observe.on_decision(policy.name(), decision, Source::Failure);
    }
}

pub(crate) fn tell(observe: &dyn Observe, policies: &Policies, outcome: &Outcome) {
    if outcome.source == Source::Failure {
        return tell_failure(observe, policies, Decision::Allow);
    }
    for (policy, state) in policies.iter().zip(&outcome.states) {
        observe.on_decision(policy.name(), Decision::of(policy, state), outcome.source);
    }
}
