use std::time::Duration;

/// The decision of one policy about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The request is allowed.
    Allow,
    /// The request is denied. If the policy is a [shadow](crate::Policy::shadow) policy, it is allowed nevertheless.
    Deny {
        /// The time until the request would be allowed; `None` if it never is, since it costs more than the policy
        /// holds, or if the time is unknown, since the store failed.
        wait: Option<Duration>,
    },
}

impl Decision {
    /// Returns whether the request is denied.
    #[must_use]
    pub const fn is_denied(self) -> bool {
        matches!(self, Self::Deny { .. })
    }
}
