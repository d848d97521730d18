//! Orders that are being placed. They outlive the clients that sent them, but not the process.

use std::{future::Future, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::signal::Stop;

/// Tracks the tasks that place orders, so that the process ends after the last of them. Clones track the same.
#[derive(Clone, Default)]
pub struct InFlight {
    tasks: TaskTracker,
    undo: CancellationToken,
}

impl InFlight {
    /// Runs `placing` in a task of its own: axum drops a handler whose client goes away, which could leave an order
    /// charged and not kept.
    pub fn spawn<F>(&self, placing: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn(placing)
    }

    /// Waits until an order that is not finished yet has to be undone. From then on no order is begun.
    pub async fn undo(&self) {
        self.undo.cancelled().await;
    }

    /// Undoes the orders that are still in flight when `wait` has passed after `stop`.
    pub fn undo_after(&self, stop: Stop, wait: Duration) {
        let undo = self.undo.clone();
        tokio::spawn(async move {
            stop.requested().await;
            tokio::time::sleep(wait).await;
            undo.cancel();
        });
    }

    /// Waits until no order is in flight. Called once no request can begin one.
    pub async fn settled(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Returns the number of orders in flight.
    pub fn count(&self) -> usize {
        self.tasks.len()
    }
}
