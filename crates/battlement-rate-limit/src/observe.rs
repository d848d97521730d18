use crate::{Outcome, Policies, Policy, PolicyState, Source};

/// An observer of every decision, for metrics. It does not receive keys.
///
/// It is called on the request's path: increment a counter and return. The usage of the store is available from
/// [`Memory::cells`](crate::Memory::cells) and [`Memory::overflows`](crate::Memory::overflows).
pub trait Observe: Send + Sync {
    /// Observes the decision of a policy about a request.
    fn on_decision(&self, policy: &str, decision: Decision, source: Source);

    /// Observes a request without a key.
    fn on_missing_key(&self) {}
}

/// The decision about a request under one policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Decision {
    /// The request was allowed.
    Allow,
    /// The request was rejected.
    Deny,
    /// The request would have been rejected if the policy were not a [shadow](Policy::shadow) policy.
    ShadowDeny,
}

impl Decision {
    /// Returns the value for labels.
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

/// Reports a decision that was made by the failure policy, because the store failed.
pub(crate) fn notify_failure(observe: &dyn Observe, policies: &Policies, decision: Decision) {
    for policy in policies.iter() {
        observe.on_decision(policy.name(), decision, Source::Failure);
    }
}

pub(crate) fn notify(observe: &dyn Observe, policies: &Policies, outcome: &Outcome) {
    if outcome.source == Source::Failure {
        return notify_failure(observe, policies, Decision::Allow);
    }
    for (policy, state) in policies.iter().zip(&outcome.states) {
        observe.on_decision(policy.name(), Decision::of(policy, state), outcome.source);
    }
}
