use crate::{Decision, Outcome, Policies, Policy, Source};

/// An observer of every decision, for metrics. It does not receive keys.
///
/// It is called on the request's path: increment a counter and return. The usage of the store is available from
/// [`Memory::cells`](crate::Memory::cells) and [`Memory::overflows`](crate::Memory::overflows).
pub trait Observe: Send + Sync {
    /// Observes the decision of a policy about a request. [`Decision::label`] is its value for labels.
    fn on_decision(&self, policy: &Policy, decision: Decision, source: Source);

    /// Observes a request without a key.
    fn on_missing_key(&self) {}
}

impl Decision {
    /// Returns the value for labels, if `policy` made this decision: `allow`, `deny` or, for a
    /// [shadow](Policy::shadow) policy, `shadow_deny`.
    #[must_use]
    pub const fn label(self, policy: &Policy) -> &'static str {
        match (self, policy.is_shadow()) {
            (Self::Allow, _) => "allow",
            (Self::Deny { .. }, false) => "deny",
            (Self::Deny { .. }, true) => "shadow_deny",
        }
    }
}

/// Reports the same decision of all policies, because the store failed.
pub(crate) fn notify_failure(
    observe: &dyn Observe,
    policies: &Policies,
    decision: Decision,
    source: Source,
) {
    for policy in policies.iter() {
        observe.on_decision(policy, decision, source);
    }
}

pub(crate) fn notify(observe: &dyn Observe, policies: &Policies, outcome: &Outcome) {
    if outcome.states.is_empty() {
        return notify_failure(observe, policies, Decision::Allow, outcome.source);
    }
    for (policy, state) in policies.iter().zip(&outcome.states) {
        observe.on_decision(policy, state.decision, outcome.source);
    }
}
