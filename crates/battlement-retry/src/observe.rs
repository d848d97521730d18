use std::{fmt, sync::Arc, time::Duration};

#[cfg(feature = "http")]
use battlement_core::ReplayError;

use crate::Budgets;

/// An observer of the layers, for metrics.
///
/// Methods run inside the call and must return quickly.
pub trait Observe: Send + Sync {
    /// Observes that the layer was applied to a service. `budgets` limits its retries; an observer can keep a clone, to
    /// read what is left of it at any time.
    fn applied(&self, budgets: &Budgets) {
        let _ = budgets;
    }

    /// Observes an attempt that has ended, also the first of a call.
    fn attempt(&self, outcome: AttemptOutcome) {
        let _ = outcome;
    }

    /// Observes a retry that was decided, and its wait.
    fn retry(&self, wait: Duration) {
        let _ = wait;
    }

    /// Observes a failed call that goes back to the caller without a further attempt, and the reason. A call whose first
    /// attempt the [`Throttle`](crate::Throttle) rejects is observed here alone.
    fn stopped(&self, reason: StopReason) {
        let _ = reason;
    }

    /// Observes a copy that a `HedgeLayer` sent beside an earlier one.
    fn hedge(&self) {}

    /// Observes a success of such a copy, whose response goes back to the caller instead of that of the first one.
    fn hedge_won(&self) {}

    /// Observes a copy that was due and was not sent, and the reason.
    fn hedge_stopped(&self, reason: StopReason) {
        let _ = reason;
    }
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn applied(&self, budgets: &Budgets) {
        (**self).applied(budgets);
    }

    fn attempt(&self, outcome: AttemptOutcome) {
        (**self).attempt(outcome);
    }

    fn retry(&self, wait: Duration) {
        (**self).retry(wait);
    }

    fn stopped(&self, reason: StopReason) {
        (**self).stopped(reason);
    }

    fn hedge(&self) {
        (**self).hedge();
    }

    fn hedge_won(&self) {
        (**self).hedge_won();
    }

    fn hedge_stopped(&self, reason: StopReason) {
        (**self).hedge_stopped(reason);
    }
}

/// The result of an attempt, as metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The service did its work, or the verdict depends on a body that was not read yet.
    Success,
    /// The connection broke.
    Transport,
    /// The request provably did not reach the service.
    NotProcessed,
    /// No response arrived in time.
    Timeout,
    /// The service responded that it failed.
    Server,
    /// The service responded that it is overloaded.
    Overload,
    /// A local layer rejected the attempt.
    Rejected,
    /// The attempt says nothing about the service.
    Ignored,
    /// A policy of the user's own repeated the call, or it returned an error.
    Failed,
}

impl AttemptOutcome {
    /// Every outcome.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::Transport,
        Self::NotProcessed,
        Self::Timeout,
        Self::Server,
        Self::Overload,
        Self::Rejected,
        Self::Ignored,
        Self::Failed,
    ];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Transport => "transport",
            Self::NotProcessed => "not_processed",
            Self::Timeout => "timeout",
            Self::Server => "server",
            Self::Overload => "overload",
            Self::Rejected => "rejected",
            Self::Ignored => "ignored",
            Self::Failed => "failed",
        }
    }

    /// Returns whether the service accepted the work, as the [`Throttle`](crate::Throttle) counts.
    pub(crate) const fn is_accepted(self) -> bool {
        matches!(self, Self::Success | Self::Server | Self::Ignored)
    }
}

/// The reason why no further attempt followed a failed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopReason {
    /// The failure is not one that another attempt would mend, such as a 500.
    NotRetryable,
    /// The request may have been processed and is not idempotent, or the policy does not copy it.
    NotIdempotent,
    /// The request body is longer than the replay limit.
    BodyTooLarge,
    /// The request body itself failed.
    BodyFailed,
    /// The last attempt that the layer allows has failed.
    Exhausted,
    /// The budget is spent.
    Budget,
    /// The deadline of the call leaves no time for the wait and another attempt.
    Deadline,
    /// A local layer rejected the attempt, such as an open circuit breaker.
    Rejected,
    /// The service forbade a retry, or asked for a wait that is longer than the longest wait.
    Pushback,
    /// The service was not ready after the wait.
    NotReady,
    /// The [`Throttle`](crate::Throttle) rejected the attempt.
    Throttled,
    /// A retry layer further out repeats the call.
    Nested,
}

impl StopReason {
    /// Every reason.
    pub const ALL: [Self; 12] = [
        Self::NotRetryable,
        Self::NotIdempotent,
        Self::BodyTooLarge,
        Self::BodyFailed,
        Self::Exhausted,
        Self::Budget,
        Self::Deadline,
        Self::Rejected,
        Self::Pushback,
        Self::NotReady,
        Self::Throttled,
        Self::Nested,
    ];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRetryable => "not_retryable",
            Self::NotIdempotent => "not_idempotent",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyFailed => "body_failed",
            Self::Exhausted => "exhausted",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::Rejected => "rejected",
            Self::Pushback => "pushback",
            Self::NotReady => "not_ready",
            Self::Throttled => "throttled",
            Self::Nested => "nested",
        }
    }

    /// Returns whether retries gave up, and not the first attempt alone.
    pub(crate) const fn is_given_up(self) -> bool {
        matches!(
            self,
            Self::Exhausted
                | Self::Budget
                | Self::Deadline
                | Self::Pushback
                | Self::NotReady
                | Self::Throttled
        )
    }
}

#[cfg(feature = "http")]
impl From<ReplayError> for StopReason {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Failed => Self::BodyFailed,
            _ => Self::BodyTooLarge,
        }
    }
}

/// The observer of a layer, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Observer(Option<Arc<dyn Observe>>);

impl Observer {
    pub(crate) fn new(observe: impl Observe + 'static) -> Self {
        Self(Some(Arc::new(observe)))
    }

    pub(crate) fn get(&self) -> Option<&dyn Observe> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "none" })
    }
}
