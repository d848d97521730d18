use battlement_core::{Failure, RejectionKind};

/// The result of a fallback, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FallbackOutcome {
    /// The fallback answered the call.
    Answered,
    /// The fallback failed, or its closure returned `None`; the first failure went back.
    Failed,
    /// The request could not be sent to the fallback, because its body is longer than the replay limit or failed; the
    /// first failure went back.
    BodyLost,
}

impl FallbackOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Answered, Self::Failed, Self::BodyLost];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::BodyLost => "body_lost",
        }
    }
}

/// Returns the reason of a fallback: the kind of a rejection, or the class of any other failure.
pub(super) const fn reason(failure: Failure) -> &'static str {
    match failure {
        Failure::Rejected(kind) => RejectionKind::as_str(kind),
        Failure::NotProcessed => "not_processed",
        Failure::Timeout => "timeout",
        Failure::Server => "server",
        Failure::Overload { .. } => "overload",
        _ => "transport",
    }
}
