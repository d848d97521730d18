use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use battlement_core::{DropReason, RequestFacts, dropping, within};

use super::config::Config;
use crate::{Elapsed, ElapsedKind, expiry, timer::Timer};

/// The time that a request has left.
#[derive(Debug)]
pub(super) struct Remains {
    timer: Timer,
    slot: Option<RequestFacts>,
    config: Arc<Config>,
}

impl Remains {
    #[inline]
    pub(super) const fn new(slot: Option<RequestFacts>, config: Arc<Config>) -> Self {
        Self { timer: Timer::unset(), slot, config }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Runs `work` with the facts of the request as the current ones.
    #[inline]
    pub(super) fn within<R>(&mut self, work: impl FnOnce() -> R) -> R {
        within(&mut self.slot, work)
    }

    /// Waits until the deadline, which is read again, since inner code may have moved it.
    pub(super) fn poll_expired(
        &mut self,
        kind: ElapsedKind,
        cx: &mut Context<'_>,
    ) -> Poll<Elapsed> {
        let Some(facts) = &self.slot else { return Poll::Pending };
        let Some(deadline) = facts.deadline() else { return Poll::Pending };
        ready!(self.timer.poll_until(deadline.instant(), cx));
        let after = deadline.instant().saturating_duration_since(facts.start());
        let elapsed = Elapsed::new(kind, after).answered_with(self.config.status);
        // Outer layers that see only a failed body, or the trailers of a call, read the reason here.
        facts.drop_for(DropReason::Timeout);
        within(&mut self.slot, || expiry::report(&elapsed, &self.config.observer));
        Poll::Ready(elapsed)
    }

    /// Drops a part of the work, which can read the reason and the facts of its request.
    pub(super) fn drop_work(&mut self, drop_it: impl FnOnce()) {
        self.within(|| dropping(DropReason::Timeout, drop_it));
    }
}
