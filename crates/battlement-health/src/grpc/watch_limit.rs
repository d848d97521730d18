use std::{sync::Arc, time::Duration};

use battlement_core::LogLimit;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The shortest time between two log lines about the limit.
const LOGGED: Duration = Duration::from_secs(60);

/// Limits the number of open Watches, which clients choose.
#[derive(Debug)]
pub(super) struct WatchLimit {
    max: usize,
    free: Arc<Semaphore>,
    log: LogLimit,
}

impl WatchLimit {
    pub(super) fn new(max: usize) -> Self {
        let max = max.min(Semaphore::MAX_PERMITS);
        Self { max, free: Arc::new(Semaphore::new(max)), log: LogLimit::per(LOGGED) }
    }

    /// Returns the permit of one Watch, which is open until the permit is dropped.
    pub(super) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok();
        if permit.is_none()
            && let Some(suppressed) = self.log.admit()
        {
            let max_watches = self.max;
            tracing::warn!(
                max_watches,
                suppressed,
                "limit of open gRPC health Watches reached; rejecting with RESOURCE_EXHAUSTED"
            );
        }
        permit
    }

    /// Returns the number of open Watches.
    pub(super) fn open(&self) -> usize {
        self.max - self.free.available_permits()
    }
}
