use std::{fmt, sync::Arc, time::Duration};

use battlement_core::Verdict;
use tokio::time::Instant;

use crate::{
    breaker::{Breaker, Word},
    call::Progress,
};

/// An admitted call. Dropping it without a verdict gives the slot of a probe back.
///
/// Four words, since each move of a call and of its response moves the ticket.
pub(crate) struct Ticket {
    breaker: Arc<Breaker>,
    word: Word,
    start: u64,
    /// The number of a probe.
    number: u32,
    way: Way,
    head: Head,
    /// The progress of the call that owns the ticket, which has room here.
    pub(crate) progress: Progress,
}

/// The kind of a ticket, without the number of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Call,
    Probe,
    Shadow,
    Settled,
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
}

/// The time to the response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Awaited,
    InTime,
    Slow,
}

impl Ticket {
    #[inline]
    pub(crate) fn new(breaker: Arc<Breaker>, word: Word, start: u64, kind: Kind) -> Self {
        let (way, number) = match kind {
            Kind::Call => (Way::Call, 0),
            Kind::Probe(number) => (Way::Probe, number),
            Kind::Shadow => (Way::Shadow, 0),
        };
        let (head, progress) = (Head::Awaited, Progress::default());
        Self { breaker, word, start, number, way, head, progress }
    }

    /// Notes that the response head has arrived, for the slow rate. Without it, the verdict is taken as the time of the
    /// head. See [`is_timing`](Self::is_timing).
    pub(crate) fn answered(&mut self, now: Instant) {
        let waited = self.tick(now).saturating_sub(self.start);
        self.head = if self.breaker.shared().is_slow(waited) { Head::Slow } else { Head::InTime };
    }

    /// Notes that the response head has arrived at the time at which the call was admitted, which is never slow.
    #[inline]
    pub(crate) const fn answered_at_once(&mut self) {
        self.head = Head::InTime;
    }

    /// Notes that a message of the response was delivered, so that a probe that still streams at its deadline counts as
    /// a success.
    #[cold]
    pub(crate) fn delivered(&mut self) {
        if self.is_probe() {
            self.breaker.delivered(self, self.number);
        }
    }

    /// Records the verdict on the call. A ticket of an older generation is ignored.
    pub(crate) fn settle(mut self, verdict: Verdict, now: Instant) {
        self.breaker.settle(&self, verdict, self.tick(now));
        self.way = Way::Settled;
    }

    /// Returns whether a success of the call is counted in time windows alone; see
    /// [`succeed_at_once`](Self::succeed_at_once).
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.way, Way::Call) && self.breaker.is_plain()
    }

    /// Records the success of a [plain](Self::is_plain) call that ended at the time at which it was admitted.
    #[inline]
    pub(crate) fn succeed_at_once(&self) {
        self.breaker.succeed(self.word, self.start);
    }

    /// Returns the breaker that admitted the call.
    pub(crate) const fn breaker(&self) -> &Arc<Breaker> {
        &self.breaker
    }

    /// Returns whether the time to the response head matters, so that the clock must be read for
    /// [`answered`](Self::answered) and [`settle`](Self::settle).
    #[inline]
    pub(crate) fn is_timing(&self) -> bool {
        self.breaker.shared().is_timing()
    }

    /// Returns whether the call is a probe, for which [`delivered`](Self::delivered) matters.
    pub(crate) const fn is_probe(&self) -> bool {
        matches!(self.way, Way::Probe)
    }

    /// Returns whether the breaker would have rejected the call without the shadow mode.
    #[cfg(all(test, not(battlement_loom)))]
    pub(crate) const fn is_shadow(&self) -> bool {
        matches!(self.way, Way::Shadow)
    }

    /// Returns the time since the call was admitted.
    pub(crate) fn waited(&self, now: Instant) -> Duration {
        Duration::from_nanos(self.tick(now).saturating_sub(self.start))
    }

    /// Returns whether the call has waited so long that it is slow.
    pub(crate) fn has_been_slow(&self, now: Instant) -> bool {
        self.waited(now) >= self.breaker.shared().config().slow_after
    }

    pub(crate) const fn word(&self) -> Word {
        self.word
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self.way {
            Way::Probe => Kind::Probe(self.number),
            Way::Shadow => Kind::Shadow,
            Way::Call | Way::Settled => Kind::Call,
        }
    }

    /// Returns whether the call is slow, if its verdict is given at `tick`.
    pub(crate) fn is_slow(&self, tick: u64) -> bool {
        match self.head {
            Head::Awaited => self.breaker.shared().is_slow(tick.saturating_sub(self.start)),
            Head::InTime => false,
            Head::Slow => true,
        }
    }

    fn tick(&self, now: Instant) -> u64 {
        self.breaker.shared().tick(now)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_probe() {
            self.breaker.give_back(self, self.number);
        }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("way", &self.way).finish_non_exhaustive()
    }
}
