use super::Share;

/// The policy for requests while a remote store is unavailable.
///
/// There is no default, since only the application knows which is worse: a limit that is not enforced, or a service
/// that rejects requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// Rejects requests with a 503, for actions that must never run without a limit, such as a login. Requests whose
    /// policies are all shadow policies are allowed.
    Deny,
    /// Allows requests without a limit.
    Allow,
    /// Counts requests in the memory of this process, which allows a share of the limit.
    LocalFallback {
        /// The share of this process.
        share: Share,
    },
}

impl OnFailure {
    /// Returns the consequence for requests, for a health check: `rejecting requests`, `allowing requests without a
    /// limit` or `falling back to local limits`.
    #[must_use]
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Deny => "rejecting requests",
            Self::Allow => "allowing requests without a limit",
            Self::LocalFallback { .. } => "falling back to local limits",
        }
    }
}
