//! Orders in flight, and the calls that undo failed orders. They outlive the requests of their clients, but not the
//! process.

use std::{future::Future, time::Duration};

use battlement::shutdown::{Phase, ShutdownHandle};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Runs the tasks that place orders and undo them, so that the process ends after the last of them. Clones share the same
/// tasks.
#[derive(Clone)]
pub struct InFlight {
    shutdown: ShutdownHandle,
    undo: CancellationToken,
}

impl InFlight {
    /// Creates an empty set, whose orders are undone if they are still in flight `undo_after` the begin of the drain.
    pub fn new(shutdown: ShutdownHandle, undo_after: Duration) -> Self {
        let undo = CancellationToken::new();
        let (draining, token) = (shutdown.phases().reached(Phase::Draining), undo.clone());
        tokio::spawn(async move {
            draining.await;
            tokio::time::sleep(undo_after).await;
            token.cancel();
        });
        Self { shutdown, undo }
    }

    /// Places an order in a task of its own: a handler is dropped when its client disconnects, or at the deadline of the
    /// request, which could leave an order charged and not stored.
    pub fn place<F>(&self, order: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.shutdown.spawn("order", order)
    }

    /// Undoes an order in the background.
    pub fn undo(&self, calls: impl Future<Output = ()> + Send + 'static) {
        self.shutdown.spawn("undo of an order", calls);
    }

    /// Waits until unfinished orders must be undone. From then on, no order is started.
    pub async fn ending(&self) {
        self.undo.cancelled().await;
    }
}
