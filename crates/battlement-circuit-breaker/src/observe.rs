use std::{fmt, sync::Arc};

use battlement_core::{Failure, Verdict};

use crate::{FallbackOutcome, State, Transition};

/// An observer of a layer, for metrics.
///
/// Methods run inside the call and must return quickly.
pub trait Observe: Send + Sync {
    /// Observes a key that has a state of its own from now on. A layer without keys has one.
    fn key_added(&self) {}

    /// Observes a key that was removed, because it was idle, and its last state.
    fn key_removed(&self, state: State) {
        let _ = state;
    }

    /// Observes a change of the state of a key.
    fn transition(&self, transition: &Transition) {
        let _ = transition;
    }

    /// Observes the verdict on a call.
    fn judged(&self, outcome: CallOutcome) {
        let _ = outcome;
    }

    /// Observes a call that was rejected.
    fn rejected(&self) {}

    /// Observes a call that was let through only because the layer is a [shadow](crate::CircuitBreakerLayer::shadow).
    fn shadowed(&self) {}

    /// Observes a call whose key shares a state with others, because the layer has as many keys as it may have.
    fn overflowed(&self) {}

    /// Observes a key that stays closed although its calls fail, because too many keys are open.
    fn held_closed(&self) {}

    /// Observes a failed call for which a [`FallbackLayer`](crate::FallbackLayer) was to answer.
    fn fell_back(&self, failure: Failure, outcome: FallbackOutcome) {
        let _ = (failure, outcome);
    }
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn key_added(&self) {
        (**self).key_added();
    }

    fn key_removed(&self, state: State) {
        (**self).key_removed(state);
    }

    fn transition(&self, transition: &Transition) {
        (**self).transition(transition);
    }

    fn judged(&self, outcome: CallOutcome) {
        (**self).judged(outcome);
    }

    fn rejected(&self) {
        (**self).rejected();
    }

    fn shadowed(&self) {
        (**self).shadowed();
    }

    fn overflowed(&self) {
        (**self).overflowed();
    }

    fn held_closed(&self) {
        (**self).held_closed();
    }

    fn fell_back(&self, failure: Failure, outcome: FallbackOutcome) {
        (**self).fell_back(failure, outcome);
    }
}

/// The verdict on a call, as metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The service did its work.
    Success,
    /// The connection broke, or the response was truncated.
    Transport,
    /// The request provably did not reach the service.
    NotProcessed,
    /// No response arrived in time.
    Timeout,
    /// The service responded that it failed.
    Server,
    /// The service responded that it is overloaded.
    Overload,
    /// A local layer rejected the call, as a concurrency limit does.
    Rejected,
    /// The call says nothing about the service.
    Ignored,
}

impl CallOutcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Transport,
        Self::NotProcessed,
        Self::Timeout,
        Self::Server,
        Self::Overload,
        Self::Rejected,
        Self::Ignored,
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
        }
    }

    pub(crate) const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Success => Self::Success,
            Verdict::Failure(Failure::Transport) => Self::Transport,
            Verdict::Failure(Failure::NotProcessed) => Self::NotProcessed,
            Verdict::Failure(Failure::Timeout) => Self::Timeout,
            Verdict::Failure(Failure::Overload { .. }) => Self::Overload,
            Verdict::Failure(Failure::Rejected(_)) => Self::Rejected,
            Verdict::Failure(_) => Self::Server,
            _ => Self::Ignored,
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

    #[inline]
    pub(crate) fn get(&self) -> Option<&dyn Observe> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "none" })
    }
}
