mod output;
mod policy;
mod run;
mod task;

pub use self::{output::TaskOutput, policy::TaskPolicy};
use self::{policy::Restarts, run::supervised, task::Task};
use crate::Health;

impl Health {
    /// Supervises a task that is expected to run as long as the process, and returns the future to spawn.
    ///
    /// `task` makes the future of each run. A panic, an error and an early return all end a run, and are reported with
    /// their reason: during the wait for a restart readiness is degraded, and when the task has ended for good,
    /// liveness and readiness fail. A task whose future is dropped, for example by `JoinHandle::abort`, has ended for
    /// good as well.
    ///
    /// Once the drain begins, a task may end: it is not restarted, and liveness passes. Spawn the future with
    /// battlement-shutdown's `spawn(name, ..)`, so that the drain waits for it.
    ///
    /// The name of a task that has ended may be used again.
    ///
    /// # Panics
    ///
    /// If the name is invalid or taken, or if the registry has 256 entries.
    ///
    /// # Example
    ///
    /// ```
    /// use battlement_health::{Health, TaskPolicy};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # let health = Health::new();
    /// # async fn send_outbox() -> std::io::Result<()> { std::future::pending().await }
    /// let outbox = health.supervise("outbox", TaskPolicy::restart(5), || async {
    ///     loop {
    ///         send_outbox().await?;
    ///     }
    ///     # #[allow(unreachable_code)] std::io::Result::Ok(())
    /// });
    /// tokio::spawn(outbox);
    /// # }
    /// ```
    #[track_caller]
    pub fn supervise<F, Fut>(
        &self,
        name: &'static str,
        policy: TaskPolicy,
        task: F,
    ) -> impl Future<Output = ()> + Send + use<F, Fut>
    where
        F: FnMut() -> Fut + Send,
        Fut: Future<Output: TaskOutput> + Send,
    {
        supervised(Task::register(self, name), Restarts::new(policy), task)
    }
}
