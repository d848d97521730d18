//! Faults by command: an operator lets some charges fail, to see what its callers do. Off unless `PAYMENTS_FAULTS` is
//! set.

mod command;
mod plan;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tracing::warn;

pub(crate) use self::{
    command::read,
    plan::{Fault, Kind, Plan},
};

/// The plan by which charges fail, if there is one. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<Option<Plan>>>);

impl Faults {
    /// Replaces the plan, and counts charges from zero.
    pub(crate) fn begin(&self, plan: Plan) {
        warn!(?plan, "charges fail by command");
        *self.plan() = Some(plan);
    }

    /// Ends the plan, if there is one.
    pub(crate) fn end(&self) {
        if self.plan().take().is_some() {
            warn!("charges no longer fail by command");
        }
    }

    /// Counts a charge, and returns the fault that it meets.
    pub(crate) fn next(&self) -> Option<Fault> {
        let fault = self.plan().as_mut()?.next(Instant::now())?;
        warn!(?fault, "charge fails by command");
        Some(fault)
    }

    /// Locks the plan. No code panics while it holds the lock, so the data behind a poisoned lock is sound.
    fn plan(&self) -> MutexGuard<'_, Option<Plan>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
