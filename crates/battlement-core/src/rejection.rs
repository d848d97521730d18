use std::{error::Error, fmt, time::Duration};

use crate::{Failure, causes};

#[cfg(feature = "http")]
mod status;

/// A marker of a response or an error that a layer created instead of the service.
///
/// It is in the extensions of every such response, and it is the source of every typed error that a client layer
/// returns. So outer layers can tell a local rejection from a failure of the service.
///
/// # Example
///
/// ```
/// # use std::time::Duration;
/// use battlement_core::{Rejection, RejectionKind};
///
/// let rejection = Rejection::new(RejectionKind::CircuitOpen).retry_in(Duration::from_secs(5));
/// assert_eq!(rejection.kind(), RejectionKind::CircuitOpen);
/// assert_eq!(rejection.retry_after(), Some(Duration::from_secs(5)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rejection {
    kind: RejectionKind,
    retry_after: Option<Duration>,
}

/// The reason for which a request was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The caller has exhausted its quota.
    RateLimited,
    /// The maximum number of calls is in flight.
    Overloaded,
    /// The circuit breaker of a failing service is open.
    CircuitOpen,
    /// The time limit of the call expired. The service may have done the work, so this kind alone is judged as
    /// [`Failure::Timeout`](crate::Failure::Timeout) and not as a local rejection.
    Timeout,
    /// The deadline of the request had passed before the call was made.
    DeadlineExceeded,
    /// A dependency of the layer itself is unavailable, such as the store of a rate limit.
    Unavailable,
    /// The process accepts no new work.
    ShuttingDown,
    /// The request is not allowed from its origin.
    Forbidden,
}

impl RejectionKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::RateLimited,
        Self::Overloaded,
        Self::CircuitOpen,
        Self::Timeout,
        Self::DeadlineExceeded,
        Self::Unavailable,
        Self::ShuttingDown,
        Self::Forbidden,
    ];

    /// Returns the label and the message.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::RateLimited => ("rate_limited", "too many requests"),
            Self::Overloaded => ("overloaded", "too many requests are in flight"),
            Self::CircuitOpen => ("circuit_open", "a service behind this one is failing"),
            Self::Timeout => ("timeout", "the request took too long"),
            Self::DeadlineExceeded => {
                ("deadline_exceeded", "the deadline of the request has passed")
            }
            Self::Unavailable => ("unavailable", "the service is temporarily unavailable"),
            Self::ShuttingDown => ("shutting_down", "the service is shutting down"),
            Self::Forbidden => ("forbidden", "the request is not allowed from this origin"),
        }
    }

    /// Returns the value for labels, logs and the `code` member of a problem.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.words().0
    }

    /// Returns a sentence that may be shown to the caller.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.words().1
    }
}

impl Rejection {
    /// Creates a rejection without a time after which a retry is worthwhile.
    #[must_use]
    pub const fn new(kind: RejectionKind) -> Self {
        Self { kind, retry_after: None }
    }

    /// Sets the time after which a retry is worthwhile.
    #[must_use]
    pub const fn retry_in(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Returns the reason.
    #[must_use]
    pub const fn kind(self) -> RejectionKind {
        self.kind
    }

    /// Returns the time after which a retry is worthwhile, if it is known.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        self.retry_after
    }

    /// Returns the class of failure of a call with this rejection.
    #[must_use]
    pub const fn failure(self) -> Failure {
        match self.kind {
            RejectionKind::Timeout => Failure::Timeout,
            kind => Failure::Rejected(kind),
        }
    }

    /// Finds the rejection in an error or among its sources.
    #[must_use]
    pub fn find(error: &(dyn Error + 'static)) -> Option<Self> {
        causes(error).find_map(|error| error.downcast_ref().copied())
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.message())
    }
}

impl Error for Rejection {}
