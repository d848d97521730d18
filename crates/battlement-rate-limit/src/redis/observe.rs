use std::time::Duration;

use super::State;
use crate::StoreError;

/// Told of what is asked of Redis, for metrics.
///
/// Called where requests wait: count, and return.
pub trait Observe: Send + Sync {
    /// A command has ended that asked `questions`, after `took`; also if it was given up at the deadline.
    fn on_command(&self, questions: usize, took: Duration, result: Result<(), StoreError>) {
        let _ = (questions, took, result);
    }

    /// It came up, or went down.
    fn on_state(&self, state: State) {
        let _ = state;
    }
}
