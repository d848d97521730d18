use std::{fmt, time::Duration};

use tokio::time::Instant;

use crate::{
    Probe, Status,
    sync::{
        AtomicU64,
        Ordering::{Acquire, Release},
    },
};

/// The statuses of all probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Summary {
    /// The status of liveness, which is never degraded.
    pub live: Status,
    /// The status of readiness.
    pub ready: Status,
    /// The status of startup.
    pub startup: Status,
    /// Whether the drain has begun.
    pub is_draining: bool,
}

impl Summary {
    /// The summary of a registry without checks.
    pub(crate) const PASS: Self =
        Self { live: Status::Pass, ready: Status::Pass, startup: Status::Pass, is_draining: false };

    /// Returns the status of a probe.
    #[must_use]
    pub const fn status(&self, probe: Probe) -> Status {
        match probe {
            Probe::Live => self.live,
            Probe::Ready => self.ready,
            Probe::Startup => self.startup,
        }
    }

    /// Makes the status of a probe at least as bad as `status`.
    pub(crate) fn worsen(&mut self, probe: Probe, status: Status) {
        let own = match probe {
            Probe::Live => &mut self.live,
            Probe::Ready => &mut self.ready,
            Probe::Startup => &mut self.startup,
        };
        *own = status.max(*own);
    }
}

/// The bits below the time until which a summary holds.
const BITS: u32 = 7;

/// The time of a summary that holds until something changes.
const FOREVER: u64 = u64::MAX >> BITS;

/// A summary in one atomic, with the time until which it holds.
///
/// The atomic is stored under the mutex of the registry and read without a lock.
pub(crate) struct SharedSummary {
    base: Instant,
    /// Two bits for each probe, one for the drain, and milliseconds since `base`.
    packed: AtomicU64,
}

impl SharedSummary {
    pub(crate) fn new(base: Instant) -> Self {
        Self { base, packed: AtomicU64::new(pack(Summary::PASS, FOREVER)) }
    }

    /// Returns the summary.
    pub(crate) fn load(&self) -> Summary {
        unpack(self.packed.load(Acquire)).0
    }

    /// Returns the summary if it still holds at `now`.
    pub(crate) fn load_at(&self, now: Instant) -> Option<Summary> {
        let (summary, until) = unpack(self.packed.load(Acquire));
        (self.millis(now) < until).then_some(summary)
    }

    /// Stores a summary that holds until `until`, or until something changes.
    pub(crate) fn store(&self, summary: Summary, until: Option<Instant>) {
        let until = until.map_or(FOREVER, |until| self.millis(until));
        self.packed.store(pack(summary, until), Release);
    }

    /// Returns whole milliseconds since the base, below the value that means "forever".
    fn millis(&self, time: Instant) -> u64 {
        let since: Duration = time.saturating_duration_since(self.base);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX).min(FOREVER - 1)
    }
}

fn pack(summary: Summary, until: u64) -> u64 {
    let Summary { live, ready, startup, is_draining } = summary;
    let bits =
        live as u64 | (ready as u64) << 2 | (startup as u64) << 4 | u64::from(is_draining) << 6;
    until << BITS | bits
}

fn unpack(packed: u64) -> (Summary, u64) {
    let status = |shift: u32| match packed >> shift & 0b11 {
        0 => Status::Pass,
        1 => Status::Degraded,
        _ => Status::Fail,
    };
    let is_draining = packed >> 6 & 1 == 1;
    let summary = Summary { live: status(0), ready: status(2), startup: status(4), is_draining };
    (summary, packed >> BITS)
}

impl fmt::Debug for SharedSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().fmt(f)
    }
}

#[cfg(all(test, not(battlement_loom)))]
mod tests;
