use std::time::Duration;

use battlement_rate_limit::StoreError;

use crate::State;

/// An observer of commands and states, for metrics.
///
/// Methods run while requests wait, so they must return quickly.
pub trait Observe: Send + Sync {
    /// Observes the end of a command that makes `questions` decisions, after `took`. Commands that were abandoned at
    /// the deadline are included.
    fn on_command(&self, questions: usize, took: Duration, result: Result<(), StoreError>) {
        let _ = (questions, took, result);
    }

    /// Observes a change of the state.
    fn on_state(&self, state: State) {
        let _ = state;
    }
}
