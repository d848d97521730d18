use std::time::Duration;

use crate::RejectionKind;

/// The verdict on a call, shared by all layers that react to failures, such as circuit breaker, retry and limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The service did its work, even if the request was wrong.
    Success,
    /// The service did not do its work.
    Failure(Failure),
    /// The call says nothing about the service, since the caller disconnected or gave up.
    Ignore,
}

impl Verdict {
    /// Returns whether the call failed, in any class.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failure(_))
    }
}

/// The class of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Failure {
    /// The connection broke, or the response was truncated; the service may have done the work.
    Transport,
    /// The request provably did not reach the service, as when the connection was refused.
    NotProcessed,
    /// No response arrived in time; the service may have done the work.
    Timeout,
    /// The service responded that it failed.
    Server,
    /// The service responded that it is overloaded.
    Overload {
        /// The answer's own statement on repeating the call, if it has one.
        pushback: Option<Pushback>,
    },
    /// A local layer rejected the call, and the service was not called.
    Rejected(RejectionKind),
}

impl Failure {
    /// Returns whether the service is the cause; local rejections are not.
    #[must_use]
    pub const fn is_upstream(self) -> bool {
        !matches!(self, Self::Rejected(_))
    }

    /// Returns what the service said about repeating the call, if it did.
    #[must_use]
    pub const fn pushback(self) -> Option<Pushback> {
        match self {
            Self::Overload { pushback } => pushback,
            _ => None,
        }
    }

    /// Returns the wait that the service asked for, if it did.
    #[must_use]
    pub const fn retry_after(self) -> Option<Duration> {
        match self.pushback() {
            Some(Pushback::Wait(wait)) => Some(wait),
            Some(Pushback::Stop) | None => None,
        }
    }
}

/// The statement of an overloaded service on repeating the call: the `Retry-After` of HTTP, or the
/// `grpc-retry-pushback-ms` of gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pushback {
    /// The call may be repeated after this time. Zero names no time, as a `Retry-After` with a date in the past does.
    Wait(Duration),
    /// The call must not be repeated: the value of `grpc-retry-pushback-ms` is negative or malformed (gRFC A6).
    Stop,
}
