use std::{error::Error, fmt, time::Duration};

use battlement_core::{LocalError, Rejection, RejectionKind};

/// The error of a call or body that took too long, or that was not started since no time was left.
///
/// Its source is the [`Rejection`], by which other layers recognize it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Elapsed {
    after: Duration,
    kind: ElapsedKind,
    rejection: Rejection,
    /// The HTTP status of the answer, if it is not that of the rejection.
    status: Option<u16>,
}

/// The limit that expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ElapsedKind {
    /// The limit of one call or one try, set by [`TimeoutLayer`](crate::TimeoutLayer).
    Call,
    /// The limit of a call with all its tries, set by [`CallDeadlineLayer`](crate::CallDeadlineLayer).
    Total,
    /// The deadline of the request, which also ends the calls that are made for it.
    Deadline,
    /// The deadline had passed, or was about to pass, before the work began.
    NoTimeLeft,
    /// The body of the request arrived too slowly.
    RequestBody,
    /// The body of the response arrived too slowly, or was sent too slowly.
    ResponseBody,
}

impl ElapsedKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Call,
        Self::Total,
        Self::Deadline,
        Self::NoTimeLeft,
        Self::RequestBody,
        Self::ResponseBody,
    ];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Total => "total",
            Self::Deadline => "deadline",
            Self::NoTimeLeft => "no_time_left",
            Self::RequestBody => "request_body",
            Self::ResponseBody => "response_body",
        }
    }

    const fn rejection(self) -> RejectionKind {
        match self {
            Self::NoTimeLeft => RejectionKind::DeadlineExceeded,
            _ => RejectionKind::Timeout,
        }
    }

    const fn status(self) -> Option<u16> {
        match self {
            Self::RequestBody => Some(408),
            _ => None,
        }
    }
}

impl Elapsed {
    /// The error of a request or call that had no time left when it arrived.
    pub(crate) const NO_TIME: Self = Self::new(ElapsedKind::NoTimeLeft, Duration::ZERO);

    pub(crate) const fn new(kind: ElapsedKind, after: Duration) -> Self {
        let rejection = Rejection::new(kind.rejection());
        Self { after, kind, rejection, status: kind.status() }
    }

    /// Sets the HTTP status of the answer, if there is one.
    pub(crate) const fn answered_with(mut self, status: Option<u16>) -> Self {
        if status.is_some() {
            self.status = status;
        }
        self
    }

    /// Returns the time that was granted; for [`ElapsedKind::NoTimeLeft`], the time that was left.
    #[must_use]
    pub const fn after(&self) -> Duration {
        self.after
    }

    /// Returns the limit that expired.
    #[must_use]
    pub const fn kind(&self) -> ElapsedKind {
        self.kind
    }
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = self.after;
        match self.kind {
            ElapsedKind::Call => write!(f, "the call did not end within {after:?}"),
            ElapsedKind::Total => {
                write!(f, "the call and its retries did not end within {after:?}")
            }
            ElapsedKind::Deadline => {
                write!(f, "the deadline of the request passed after {after:?}")
            }
            ElapsedKind::NoTimeLeft => write!(f, "the call was not made: {after:?} left"),
            ElapsedKind::RequestBody => {
                write!(f, "the request body did not arrive within {after:?}")
            }
            ElapsedKind::ResponseBody => {
                write!(f, "the response body did not arrive within {after:?}")
            }
        }
    }
}

impl Error for Elapsed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.rejection)
    }
}

impl LocalError for Elapsed {
    fn rejection(&self) -> Rejection {
        self.rejection
    }

    #[cfg(feature = "http")]
    fn answer(&self) -> battlement_core::Answer {
        let answer = battlement_core::Answer::new(self.rejection);
        let status = self.status.and_then(|status| http::StatusCode::from_u16(status).ok());
        match status {
            Some(status) => answer.status(status),
            None => answer,
        }
    }
}
