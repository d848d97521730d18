use std::time::Duration;

use crate::RejectionKind;

/// Whether a call failed: one vocabulary for breaker, retry, limiter and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The service did its work, be it that the caller asked for something wrong.
    Success,
    /// The service did not do its work.
    Failure(Failure),
    /// Says nothing about the service: the caller went away, or gave up.
    Ignore,
}

impl Verdict {
    /// Whether this is a failure of any class.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failure(_))
    }
}

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The connection broke, or the answer was cut off; the service may have done the work.
    Transport,
    /// The request certainly never reached the service, as when the connection was refused.
    NotProcessed,
    /// No answer came in time; the service may have done the work.
    Timeout,
    /// The service answered that it failed.
    Server,
    /// The service answered that it has too much to do.
    Overload {
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// A layer on our own side answered, and the service was not asked.
    Rejected(RejectionKind),
}

impl Failure {
    /// Whether the service itself is to blame; what was rejected on our own side is not.
    #[must_use]
    pub const fn is_upstream(self) -> bool {
        !matches!(self, Self::Rejected(_))
    }

    /// The wait the service asked for, if it did.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Overload { retry_after } => retry_after,
            _ => None,
        }
    }
}
