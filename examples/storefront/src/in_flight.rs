//! Orders in flight, and the calls that undo failed orders. They outlive the requests of their clients, but not the
//! process.

use std::{future::Future, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::signal::Stop;

/// Tracks the tasks that place orders and undo them, so that the process ends after the last of them. Clones
/// share the same tasks.
#[derive(Clone, Default)]
pub struct InFlight {
    tasks: TaskTracker,
    undo: CancellationToken,
}

impl InFlight {
    /// Runs `work` in a task of its own: a handler is dropped when its client disconnects, or at the deadline of the
    /// request, which could leave an order charged and not stored.
    pub fn spawn<F>(&self, work: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn(work)
    }

    /// Waits until unfinished orders must be undone. From then on, no order is started.
    pub async fn undo(&self) {
        self.undo.cancelled().await;
    }

    /// Undoes the orders that are still in flight `wait` after the request to stop.
    pub fn undo_after(&self, stop: Stop, wait: Duration) {
        let undo = self.undo.clone();
        tokio::spawn(async move {
            stop.requested().await;
            tokio::time::sleep(wait).await;
            undo.cancel();
        });
    }

    /// Waits until no order is in flight and each failed order is undone. Must be called after the last request that could
    /// start one.
    pub async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Returns the number of orders in flight, with those that are being undone.
    pub fn count(&self) -> usize {
        self.tasks.len()
    }
}
