use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use http::request::Parts;
use http_body::SizeHint;

use super::{Counts, Gate, Misuse, ProbeError, Received, Reply, RequestBody};

/// The state that all clones of a probe share.
#[derive(Clone, Default)]
pub(super) struct State(Arc<Mutex<Record>>);

#[derive(Default)]
pub(super) struct Record {
    pub(super) counts: Counts,
    pub(super) misuses: Vec<Misuse>,
    pub(super) received: Vec<Received>,
    pub(super) script: VecDeque<Reply>,
    pub(super) always: Reply,
    pub(super) readiness: Readiness,
}

#[derive(Clone, Default)]
pub(super) enum Readiness {
    #[default]
    Always,
    When(Gate),
    Fails(ProbeError),
}

impl State {
    pub(super) fn lock(&self) -> MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record_misuse(&self, misuse: Misuse) {
        self.lock().misuses.push(misuse);
    }

    pub(super) fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
        let readiness = {
            let mut record = self.lock();
            record.counts.readiness_polls += 1;
            record.readiness.clone()
        };
        match readiness {
            Readiness::Always => Poll::Ready(Ok(())),
            Readiness::When(gate) => gate.poll_open(cx).map(Ok),
            Readiness::Fails(error) => Poll::Ready(Err(error)),
        }
    }

    /// Records a call; returns its index and its reply.
    pub(super) fn receive(&self, parts: Parts, size_hint: SizeHint) -> (usize, Reply) {
        let mut record = self.lock();
        let index = record.received.len();
        record.counts.calls += 1;
        record.received.push(Received { parts, size_hint, body: RequestBody::Unread });
        let scripted = record.script.pop_front();
        (index, scripted.unwrap_or_else(|| record.always.clone()))
    }

    pub(super) fn record_body(&self, index: usize, body: RequestBody) {
        if let Some(received) = self.lock().received.get_mut(index) {
            received.body = body;
        }
    }
}

/// A call in flight; its future owns the ticket first, and then its response body.
pub(super) struct Ticket(State);

impl Ticket {
    pub(super) fn take(state: &State) -> Self {
        let counts = &mut state.lock().counts;
        counts.in_flight += 1;
        counts.peak = counts.peak.max(counts.in_flight);
        Self(state.clone())
    }

    pub(super) fn count(&self, event: impl FnOnce(&mut Counts)) {
        event(&mut self.0.lock().counts);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.count(|counts| counts.in_flight -= 1);
    }
}
