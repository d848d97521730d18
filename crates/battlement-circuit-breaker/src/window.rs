use battlement_core::Failure;

use crate::snapshot::Counts;

mod bucket;
mod counter;
mod ring;
mod slow;
mod streak;

#[cfg(all(test, battlement_loom))]
mod model;
#[cfg(all(test, not(battlement_loom)))]
mod tests;

use self::counter::Counter;
pub(crate) use self::{counter::BUCKETS, ring::Rings, slow::SlowWindow, streak::Streak};

/// The class of a counted result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Success,
    Transport,
    NotProcessed,
    Timeout,
    Server,
    Overload,
    Ignored,
}

const CLASSES: usize = 7;

impl Class {
    /// Returns the class of a failure. A local rejection is `Ignored`: the upstream was not called.
    pub(crate) const fn of(failure: Failure) -> Self {
        match failure {
            Failure::Transport => Self::Transport,
            Failure::NotProcessed => Self::NotProcessed,
            Failure::Timeout => Self::Timeout,
            Failure::Server => Self::Server,
            Failure::Overload { .. } => Self::Overload,
            _ => Self::Ignored,
        }
    }
}

/// The results of the calls of a sliding time window, by class.
#[derive(Debug, Default)]
pub(crate) struct Window {
    counters: [Counter; CLASSES],
}

impl Window {
    /// Counts a result of `generation` in the bucket of `slot`.
    #[inline]
    pub(crate) fn record(&self, class: Class, generation: u64, slot: u64) {
        self.counters[class as usize].add(generation, slot);
    }

    /// Returns the counts of `generation` in the window that ends with the bucket of `slot`.
    pub(crate) fn counts(&self, generation: u64, slot: u64) -> Counts {
        let sum = |class: Class| self.counters[class as usize].sum(generation, slot);
        Counts {
            success: sum(Class::Success),
            transport: sum(Class::Transport),
            not_processed: sum(Class::NotProcessed),
            timeout: sum(Class::Timeout),
            server: sum(Class::Server),
            overload: sum(Class::Overload),
            ignored: sum(Class::Ignored),
        }
    }
}
