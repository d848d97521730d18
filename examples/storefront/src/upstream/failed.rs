use std::{
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use battlement::{circuit_breaker::CircuitOpen, concurrency_limit::Overloaded, timeout::Deadline};
use http::Request;
use tower::BoxError;

use crate::timeouts::UpstreamTimeLimits;

/// The reason why a call of another service has no result.
#[derive(Debug)]
pub enum CallFailed {
    /// The named service failed or could not be reached; the error is for the log.
    Failed(&'static str, BoxError),
    /// The named service did not respond within the limit of one call.
    TimedOut(&'static str),
    /// The deadline of the request passed.
    DeadlinePassed,
    /// The named service has failed too often, so it is not called for this time.
    CircuitOpen {
        upstream: &'static str,
        retry_after: Duration,
        /// Whether the call was sent before, in an attempt that failed.
        was_sent: bool,
    },
    /// Too many calls of the named service are in flight.
    Overloaded {
        upstream: &'static str,
        retry_after: Duration,
        /// Whether the call was sent before, in an attempt that failed.
        was_sent: bool,
    },
}

/// The circumstances of a call, by which its failure is explained.
pub(super) struct Call {
    upstream: &'static str,
    limits: UpstreamTimeLimits,
    /// The deadline of the request, if it comes before the limit of the call. Several layers on both sides know the time
    /// and may end the call.
    deadline: Option<Deadline>,
    pub(super) sent: Sent,
}

/// Records whether a call was sent. An extension of its first attempt: if a breaker or a bulkhead rejects that one, there
/// is no other.
#[derive(Clone, Debug, Default)]
pub(super) struct Sent(Arc<AtomicBool>);

impl Sent {
    /// Records that the request is sent.
    pub(super) fn record<B>(request: Request<B>) -> Request<B> {
        if let Some(Self(sent)) = request.extensions().get() {
            sent.store(true, Ordering::Relaxed);
        }
        request
    }
}

impl Call {
    /// Begins a call.
    pub(super) fn of(upstream: &'static str, limits: UpstreamTimeLimits) -> Self {
        let deadline = Deadline::current();
        let deadline = deadline.filter(|deadline| deadline.remaining() < limits.call);
        Self { upstream, limits, deadline, sent: Sent::default() }
    }

    /// Explains an error that is not a timeout.
    pub(super) fn failed(&self, error: impl Into<BoxError>) -> CallFailed {
        let error = error.into();
        let (upstream, was_sent) = (self.upstream, self.sent.0.load(Ordering::Relaxed));
        if let Some(open) = find::<CircuitOpen>(error.as_ref()) {
            let retry_after = open.retry_after();
            return CallFailed::CircuitOpen { upstream, retry_after, was_sent };
        }
        if let Some(overloaded) = find::<Overloaded>(error.as_ref()) {
            let retry_after = overloaded.retry_after();
            return CallFailed::Overloaded { upstream, retry_after, was_sent };
        }
        CallFailed::Failed(upstream, error)
    }

    /// Explains a timeout, when the call has ended: the deadline if it has ended the last attempt, or left no time for
    /// another one.
    pub(super) fn timed_out(&self) -> CallFailed {
        match self.deadline {
            Some(deadline) if deadline.remaining() < self.limits.attempt => {
                CallFailed::DeadlinePassed
            }
            _ => CallFailed::TimedOut(self.upstream),
        }
    }
}

/// Finds the error of a layer that did not make the call.
fn find<'a, T: Error + 'static>(mut error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    loop {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}

impl CallFailed {
    /// Returns the error for the log, if there is one.
    pub fn cause(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(_, error) => Some(error.as_ref()),
            _ => None,
        }
    }

    /// Returns whether the service may have done what it was called for.
    pub const fn may_be_done(&self) -> bool {
        !matches!(
            self,
            Self::CircuitOpen { was_sent: false, .. } | Self::Overloaded { was_sent: false, .. }
        )
    }
}

impl fmt::Display for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(upstream, _) => write!(f, "{upstream} failed"),
            Self::TimedOut(upstream) => write!(f, "{upstream} did not respond in time"),
            Self::DeadlinePassed => f.write_str("the request took too long"),
            Self::CircuitOpen { upstream, .. } => write!(f, "{upstream} has failed too often"),
            Self::Overloaded { upstream, .. } => {
                write!(f, "too many calls of {upstream} are in flight")
            }
        }
    }
}
