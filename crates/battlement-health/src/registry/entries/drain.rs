use battlement_core::CheckState;
use tokio::time::Instant;

use crate::{CheckKind, CheckReport, Probe, Runs, Status, Summary, Transition, name::SHUTDOWN};

/// The drain, which fails readiness and is shown as an entry of its own.
#[derive(Debug)]
pub(super) struct Drain {
    start: Instant,
    has_begun: bool,
    is_told: bool,
}

impl Drain {
    pub(super) const fn new(start: Instant) -> Self {
        Self { start, has_begun: false, is_told: false }
    }

    pub(super) const fn begin(&mut self) {
        self.has_begun = true;
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Makes readiness fail during the drain, and returns the transition at its start.
    pub(super) fn judge(&mut self, summary: &mut Summary, now: Instant) -> Option<Transition> {
        if !self.has_begun {
            return None;
        }
        summary.is_draining = true;
        summary.worsen(Probe::Ready, Status::Fail);
        let is_first = !std::mem::replace(&mut self.is_told, true);
        is_first.then(|| Transition {
            name: SHUTDOWN.into(),
            kind: CheckKind::Shutdown,
            from: Some(Status::Pass),
            to: Status::Fail,
            reason: self.state().reason().to_owned().into(),
            after: now.saturating_duration_since(self.start),
        })
    }

    pub(super) fn report(&self) -> CheckReport {
        let state = self.state();
        CheckReport {
            name: SHUTDOWN.into(),
            kind: CheckKind::Shutdown,
            status: Status::of(&state),
            state,
            critical: true,
            age: None,
            took: None,
            runs: Runs::default(),
        }
    }

    fn state(&self) -> CheckState {
        if self.has_begun {
            CheckState::fail("the service is shutting down")
        } else {
            CheckState::pass("the service is running")
        }
    }
}
