use std::time::Duration;

use battlement_core::CheckState;

use crate::{CheckKind, Health, probe::Probes};

/// The reaction to a supervised task that panics or returns early.
#[derive(Clone, Copy, Debug)]
pub struct TaskPolicy {
    restarts: u32,
    backoff: Duration,
}

impl TaskPolicy {
    /// Fails liveness at once.
    #[must_use]
    pub const fn fail() -> Self {
        Self::restart(0)
    }

    /// Restarts the task up to `max` times, and then fails liveness.
    #[must_use]
    pub const fn restart(max: u32) -> Self {
        Self { restarts: max, backoff: Duration::from_secs(1) }
    }

    /// Sets the time before a restart.
    #[must_use]
    pub const fn backoff(mut self, backoff: Duration) -> Self {
        self.backoff = backoff;
        self
    }
}

impl Health {
    /// Supervises a task that must not end.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken.
    pub fn supervise<F, Fut>(
        &self,
        name: &'static str,
        policy: TaskPolicy,
        task: F,
    ) -> impl Future<Output = ()> + Send + use<F, Fut>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let entry =
            self.add(name, CheckKind::Task, Probes::READY_AND_LIVE, CheckState::pass("running"));
        async move {
            for run in 0..=policy.restarts {
                if run > 0 {
                    entry.set(CheckState::degraded("waits for its restart"));
                    tokio::time::sleep(policy.backoff).await;
                    entry.restarted();
                    entry.set(CheckState::pass("running"));
                }
                task().await;
            }
            entry.set(CheckState::fail("returned"));
        }
    }
}
