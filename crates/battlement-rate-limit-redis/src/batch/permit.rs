use std::sync::Arc;

/// The tasks that send the batches of a slot.
pub(crate) trait Tasks: Send + Sync + 'static {
    /// Starts a task for the slot.
    fn start(self: &Arc<Self>, slot: u16);

    /// Ends a task of the slot that its runtime never ran.
    fn abandon(&self, slot: u16);
}

/// Permit to run one batch task for a slot. If it is dropped before the task has finished, another task starts in its
/// place.
pub(crate) struct Permit<T: Tasks> {
    tasks: Arc<T>,
    pub(crate) slot: u16,
    progress: Progress,
}

#[derive(PartialEq, Eq)]
enum Progress {
    /// The task was never polled. A runtime that is shutting down drops such tasks, and would not run another one.
    NotStarted,
    Running,
    Finished,
}

impl<T: Tasks> Permit<T> {
    pub(crate) fn new(tasks: &Arc<T>, slot: u16) -> Self {
        Self { tasks: Arc::clone(tasks), slot, progress: Progress::NotStarted }
    }

    /// Marks the task as running.
    pub(crate) fn start(&mut self) -> Arc<T> {
        self.progress = Progress::Running;
        Arc::clone(&self.tasks)
    }

    /// Releases the permit of a task that found no more jobs.
    pub(crate) fn finish(mut self) {
        self.progress = Progress::Finished;
    }
}

impl<T: Tasks> Drop for Permit<T> {
    fn drop(&mut self) {
        match self.progress {
            Progress::NotStarted => self.tasks.abandon(self.slot),
            Progress::Running => self.tasks.start(self.slot),
            Progress::Finished => {}
        }
    }
}
