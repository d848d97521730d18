use std::sync::Arc;

use crate::client::Client;

/// Permit to run one batch task for a slot. If it is dropped before the task has finished, another task starts in its
/// place.
pub(crate) struct Permit {
    client: Arc<Client>,
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

impl Permit {
    pub(crate) fn new(client: &Arc<Client>, slot: u16) -> Self {
        Self { client: Arc::clone(client), slot, progress: Progress::NotStarted }
    }

    /// Marks the task as running.
    pub(crate) fn start(&mut self) -> Arc<Client> {
        self.progress = Progress::Running;
        Arc::clone(&self.client)
    }

    /// Releases the permit of a task that found no more jobs.
    pub(crate) fn finish(mut self) {
        self.progress = Progress::Finished;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        match self.progress {
            Progress::NotStarted => self.client.abandon(self.slot),
            Progress::Running => self.client.start_batches(self.slot),
            Progress::Finished => {}
        }
    }
}
