use std::{fmt, sync::Arc, time::Duration};

use battlement_core::Verdict;
use tokio::time::Instant;

use crate::breaker::{Breaker, Word};

/// An admitted call. Dropping it without a verdict gives the slot of a probe back.
pub(crate) struct Ticket {
    breaker: Arc<Breaker>,
    word: Word,
    start: u64,
    kind: Kind,
}

/// The way in which a call was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The breaker is closed.
    Call,
    /// The call is the probe with this number.
    Probe(u32),
    /// The call would have been rejected without the shadow mode.
    Shadow,
    /// The verdict was recorded.
    Settled,
}

impl Ticket {
    pub(crate) fn new(breaker: &Arc<Breaker>, word: Word, start: u64, kind: Kind) -> Self {
        Self { breaker: Arc::clone(breaker), word, start, kind }
    }

    /// Records the verdict on the call. A ticket of an older generation is ignored.
    pub(crate) fn settle(mut self, verdict: Verdict, now: Instant) {
        self.breaker.settle(&self, verdict, now);
        self.kind = Kind::Settled;
    }

    /// Notes that a message of the response was delivered, so that a probe that still streams at its deadline counts as
    /// a success.
    pub(crate) fn delivered(&mut self) {
        if let Kind::Probe(number) = self.kind {
            self.breaker.delivered(self, number);
        }
    }

    /// Returns the breaker that admitted the call.
    pub(crate) const fn breaker(&self) -> &Arc<Breaker> {
        &self.breaker
    }

    /// Returns whether the breaker would have rejected the call without the shadow mode.
    pub(crate) fn is_shadow(&self) -> bool {
        self.kind == Kind::Shadow
    }

    /// Returns the time since the call was admitted.
    pub(crate) fn waited(&self, now: Instant) -> Duration {
        let now = self.breaker.shared().tick(now);
        Duration::from_nanos(now.saturating_sub(self.start))
    }

    /// Returns whether the call has waited so long that it is slow.
    pub(crate) fn has_been_slow(&self, now: Instant) -> bool {
        self.waited(now) >= self.breaker.shared().config().slow_after
    }

    pub(crate) const fn word(&self) -> Word {
        self.word
    }

    pub(crate) const fn kind(&self) -> Kind {
        self.kind
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Kind::Probe(number) = self.kind {
            self.breaker.give_back(self, number);
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("kind", &self.kind).finish_non_exhaustive()
    }
}
