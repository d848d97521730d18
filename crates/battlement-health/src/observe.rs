use std::{sync::Arc, time::Duration};

use crate::{RunResult, Transition};

/// An observer of a registry.
///
/// Metrics do not need an observer: they read [`checks`](crate::Health::checks) and [`tasks`](crate::Health::tasks)
/// when they are scraped. Methods must return quickly.
pub trait Observe: Send + Sync {
    /// Observes a change of the status of a check, gate, hold, heartbeat or task, or the start of the drain.
    fn on_transition(&self, transition: &Transition) {
        let _ = transition;
    }

    /// Observes a run of `check`, and its duration.
    fn on_run(&self, check: &str, result: RunResult, took: Duration) {
        let _ = (check, result, took);
    }

    /// Observes the restart of a supervised task, and the number of its restarts so far.
    fn on_restart(&self, task: &str, restarts: u64) {
        let _ = (task, restarts);
    }
}

impl<T: Observe + ?Sized> Observe for Arc<T> {
    fn on_transition(&self, transition: &Transition) {
        (**self).on_transition(transition);
    }

    fn on_run(&self, check: &str, result: RunResult, took: Duration) {
        (**self).on_run(check, result, took);
    }

    fn on_restart(&self, task: &str, restarts: u64) {
        (**self).on_restart(task, restarts);
    }
}
