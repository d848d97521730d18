use std::{sync::Arc, time::Duration};

use crate::{connection::Plan, observe::Observe, report::Report};

/// The settings of a [`Redis`](crate::Redis), shared by the clients of all runtimes.
pub(crate) struct Settings {
    pub(crate) deadline: Duration,
    pub(crate) prefix: String,
    pub(crate) max_batch: usize,
    pub(crate) max_queued: usize,
    pub(crate) observe: Option<Arc<dyn Observe>>,
    pub(crate) plan: Plan,
    pub(crate) report: Report,
    /// Replaces the clock of Redis, in tests.
    pub(crate) now: Option<u64>,
}
