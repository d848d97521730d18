use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use battlement_core::{DropReason, Phase, Phases};

/// The reason for which requests are dropped. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CutOff(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    phases: Option<Phases>,
    /// Whether a shutdown has dropped the server.
    is_dropped: AtomicBool,
}

impl CutOff {
    pub(crate) fn new(phases: Option<Phases>) -> Self {
        Self(Arc::new(Inner { phases, is_dropped: AtomicBool::new(false) }))
    }

    /// Marks all that is dropped from here on as dropped by a shutdown.
    pub(crate) fn set(&self) {
        self.0.is_dropped.store(true, Relaxed);
    }

    /// Returns the reason for a drop at this moment.
    pub(crate) fn reason(&self) -> DropReason {
        let Inner { phases, is_dropped } = &*self.0;
        let is_over = || phases.as_ref().is_some_and(|phases| phases.now() >= Phase::CutOff);
        if is_dropped.load(Relaxed) || is_over() {
            DropReason::Shutdown
        } else {
            DropReason::Cancelled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_dropped_by_the_shutdown_from_its_deadline_on() {
        let (writer, phases) = Phases::new();
        let cut_off = CutOff::new(Some(phases));
        for phase in Phase::ALL {
            writer.advance(phase);
            let expected =
                if phase < Phase::CutOff { DropReason::Cancelled } else { DropReason::Shutdown };
            assert_eq!(cut_off.reason(), expected, "{phase:?}");
        }
    }

    #[test]
    fn a_server_that_is_dropped_by_a_shutdown_drops_its_requests_for_it() {
        let cut_off = CutOff::default();
        assert_eq!(cut_off.reason(), DropReason::Cancelled);
        cut_off.clone().set();
        assert_eq!(cut_off.reason(), DropReason::Shutdown);
    }
}
