use std::time::Duration;

use super::Decision;

/// The state of a key under one policy, after the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyState {
    /// The decision of the policy.
    pub decision: Decision,
    /// The remaining units.
    pub remaining: u32,
    /// The time until more units are available; zero if all are.
    pub reset: Duration,
}

impl PolicyState {
    /// Returns whether the policy denies the request.
    #[must_use]
    pub const fn is_denied(&self) -> bool {
        self.decision.is_denied()
    }
}
