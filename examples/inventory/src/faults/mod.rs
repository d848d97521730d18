//! Faults by command: an operator lets some calls fail, to see what their callers do. Off unless a setting allows them.
//!
//! payments and inventory each have a copy of this folder, so that each can be copied alone.

mod command;
mod plan;
mod truncated;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use tracing::warn;

use crate::reset::Reset;

pub(crate) use self::{
    command::read,
    plan::{Fault, Kind, Pick, Plan},
    truncated::Truncated,
};

/// The plan by which calls fail, if there is one. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    plan: Option<Plan>,
    /// The number of plans that have begun.
    begun: u64,
}

/// The number of plans that had begun when a connection was opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Opened(u64);

impl Faults {
    /// Replaces the plan, and counts calls from zero.
    pub(crate) fn begin(&self, plan: Plan) {
        warn!(?plan, "calls fail by command");
        let mut state = self.state();
        state.plan = Some(plan);
        state.begun += 1;
    }

    /// Ends the plan, if there is one.
    pub(crate) fn end(&self) {
        if self.state().plan.take().is_some() {
            warn!("calls no longer fail by command");
        }
    }

    /// Counts a new connection. Returns `None` if it is refused.
    pub(crate) fn open(&self) -> Option<Opened> {
        let mut state = self.state();
        let plan = state.plan.as_mut().filter(|plan| plan.refuses());
        if plan.is_some_and(|plan| plan.next(Instant::now()).is_some()) {
            warn!("connection refused by command");
            return None;
        }
        Some(Opened(state.begun))
    }

    /// Counts a call on a connection, and returns the fault that the call meets.
    pub(crate) fn next(&self, connection: Option<&Reset>) -> Option<Fault> {
        let mut state = self.state();
        let is_older = connection.is_some_and(|reset| reset.opened.0 < state.begun);
        let plan = state.plan.as_mut()?;
        let now = Instant::now();
        // Connections are refused in place of calls. One that was open before ends, so that its client opens another.
        let fault = if plan.refuses() {
            Some(Fault::Refuse).filter(|_| is_older && !plan.is_over(now))?
        } else {
            plan.next(now)?
        };
        warn!(?fault, "call fails by command");
        Some(fault)
    }

    /// Locks the plan. No code panics while it holds the lock, so the data behind a poisoned lock is sound.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const EVERY_SECOND: Pick = Pick::Share(0.5);

    fn begin(faults: &Faults, fault: Fault, pick: Pick) {
        let minute = Duration::from_secs(60);
        faults.begin(Plan::new(Kind::Only(fault), pick, minute, Instant::now()));
    }

    /// Counts a call on a connection, and returns whether it fails.
    fn fails(faults: &Faults, opened: Opened) -> bool {
        faults.next(Some(&Reset::new(opened))).is_some()
    }

    #[test]
    fn connections_are_refused_in_place_of_calls() {
        let faults = Faults::default();
        begin(&faults, Fault::Refuse, EVERY_SECOND);
        let opened = [(); 4].map(|()| faults.open());
        assert_eq!(opened.map(|opened| opened.is_none()), [false, true, false, true]);
        assert!((0..4).all(|_| !fails(&faults, opened[0].unwrap())));
    }

    #[test]
    fn a_connection_that_was_open_before_the_command_is_reset_at_its_next_call() {
        let faults = Faults::default();
        let old = faults.open().unwrap();
        begin(&faults, Fault::Refuse, EVERY_SECOND);
        assert!((0..4).all(|_| fails(&faults, old)));
        faults.end();
        assert!(!fails(&faults, old));
    }

    #[test]
    fn calls_fail_on_connections_of_any_age() {
        let faults = Faults::default();
        let old = faults.open().unwrap();
        begin(&faults, Fault::Hang, EVERY_SECOND);
        let opened = [old, faults.open().unwrap(), old, faults.open().unwrap()];
        assert_eq!(opened.map(|opened| fails(&faults, opened)), [false, true, false, true]);
    }
}
