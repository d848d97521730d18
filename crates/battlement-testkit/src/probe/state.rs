use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use super::{Counts, Gate, Misuse, ProbeError};

/// The counts and the readiness that all clones of a probe share.
#[derive(Clone, Default)]
pub(crate) struct State(Arc<Mutex<Record>>);

#[derive(Default)]
pub(super) struct Record {
    pub(super) counts: Counts,
    misuses: Vec<Misuse>,
    readiness: Readiness,
}

#[derive(Clone, Default)]
enum Readiness {
    #[default]
    Always,
    When(Gate),
    Fails(ProbeError),
}

impl State {
    pub(super) fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().counts
    }

    pub(crate) fn misuses(&self) -> Vec<Misuse> {
        self.lock().misuses.clone()
    }

    pub(super) fn record_misuse(&self, misuse: Misuse) {
        self.lock().misuses.push(misuse);
    }

    pub(crate) fn ready_when(&self, gate: &Gate) {
        self.lock().readiness = Readiness::When(gate.clone());
    }

    pub(crate) fn fail_readiness(&self, error: ProbeError) {
        self.lock().readiness = Readiness::Fails(error);
    }

    /// Polls readiness, and stores in `is_ready` whether the instance may be called.
    pub(super) fn poll_ready(
        &self,
        is_ready: &mut bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), ProbeError>> {
        let readiness = {
            let mut record = self.lock();
            record.counts.readiness_polls += 1;
            record.readiness.clone()
        };
        let polled = match readiness {
            Readiness::Always => Poll::Ready(Ok(())),
            Readiness::When(gate) => gate.poll_open(cx).map(Ok),
            Readiness::Fails(error) => Poll::Ready(Err(error)),
        };
        *is_ready = matches!(polled, Poll::Ready(Ok(())));
        polled
    }

    /// Records a call, and a misuse if the instance is not ready.
    pub(super) fn begin(&self, is_ready: &mut bool) -> Ticket {
        if !std::mem::take(is_ready) {
            self.record_misuse(Misuse::CallWithoutReadiness);
        }
        let counts = &mut self.lock().counts;
        counts.calls += 1;
        counts.in_flight += 1;
        counts.peak = counts.peak.max(counts.in_flight);
        Ticket(self.clone())
    }
}

/// A call in flight, owned by its future, and then by its response body.
pub(super) struct Ticket(State);

impl Ticket {
    pub(super) fn count(&self, event: impl FnOnce(&mut Counts)) {
        event(&mut self.0.lock().counts);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.count(|counts| counts.in_flight -= 1);
    }
}
