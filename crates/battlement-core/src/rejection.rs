use std::{error::Error, fmt, time::Duration};

use http::StatusCode;

use crate::{Failure, GrpcCode, causes};

/// That a layer of ours answered in the service's place.
///
/// It stands in the extensions of every such response, and is the source of every typed error that says
/// the same on the client side. So whoever sees the answer further out can tell a local rejection from a
/// failure of the service, which it never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Rejection {
    /// What for.
    pub kind: RejectionKind,
    /// When it is worth trying again, if that is known.
    pub retry_after: Option<Duration>,
}

/// What a request was rejected for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The caller has used up its quota.
    RateLimited,
    /// As many calls are under way as may be.
    Overloaded,
    /// The breaker before a failing service is open.
    CircuitOpen,
    /// The time limit of the call expired. The service may have done the work, so this kind alone is judged as
    /// [`Failure::Timeout`](crate::Failure::Timeout) and not as a local rejection.
    Timeout,
    /// The deadline of the request had passed before the call was made.
    DeadlineExceeded,
    /// A dependency of the layer itself is unavailable, such as the store of a rate limit.
    Unavailable,
    /// The process takes no new work.
    ShuttingDown,
    /// The request may not come from where it came from.
    Forbidden,
}

/// Status, gRPC code, word and sentence of a kind.
struct Row(StatusCode, GrpcCode, &'static str, &'static str);

impl RejectionKind {
    const fn row(self) -> Row {
        use GrpcCode::{DeadlineExceeded, PermissionDenied, ResourceExhausted, Unavailable};
        match self {
            Self::RateLimited => Row(
                StatusCode::TOO_MANY_REQUESTS,
                ResourceExhausted,
                "rate_limited",
                "too many requests",
            ),
            Self::Overloaded => Row(
                StatusCode::SERVICE_UNAVAILABLE,
                Unavailable,
                "overloaded",
                "too many requests are under way",
            ),
            Self::CircuitOpen => Row(
                StatusCode::SERVICE_UNAVAILABLE,
                Unavailable,
                "circuit_open",
                "a service behind this one is failing",
            ),
            Self::Timeout => Row(
                StatusCode::GATEWAY_TIMEOUT,
                DeadlineExceeded,
                "timeout",
                "the request took too long",
            ),
            Self::DeadlineExceeded => Row(
                StatusCode::GATEWAY_TIMEOUT,
                DeadlineExceeded,
                "deadline_exceeded",
                "the deadline of the request has passed",
            ),
            Self::Unavailable => Row(
                StatusCode::SERVICE_UNAVAILABLE,
                Unavailable,
                "unavailable",
                "the service is temporarily unavailable",
            ),
            Self::ShuttingDown => Row(
                StatusCode::SERVICE_UNAVAILABLE,
                Unavailable,
                "shutting_down",
                "the service is shutting down",
            ),
            Self::Forbidden => Row(
                StatusCode::FORBIDDEN,
                PermissionDenied,
                "forbidden",
                "the request is not allowed from there",
            ),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// The status of the answer to a gRPC caller.
    #[must_use]
    pub const fn grpc_code(self) -> GrpcCode {
        self.row().1
    }

    /// The word for labels, logs and the `code` member of a problem.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().2
    }

    /// One sentence that may be shown to the caller.
    #[must_use]
    pub const fn message(self) -> &'static str {
        self.row().3
    }
}

impl Rejection {
    /// A rejection of which nobody knows when it is over.
    #[must_use]
    pub const fn new(kind: RejectionKind) -> Self {
        Self { kind, retry_after: None }
    }

    /// One that is worth trying again after `wait`.
    #[must_use]
    pub const fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Returns the class of the failure that a call with this rejection is.
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
