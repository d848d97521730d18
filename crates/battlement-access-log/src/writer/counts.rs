#[cfg(not(battlement_loom))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

#[cfg(battlement_loom)]
use loom::sync::atomic::AtomicU64;

/// The counts of the lines of a writer.
#[derive(Debug, Default)]
pub(super) struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
    /// The dropped lines that no line reports yet.
    unreported: AtomicU64,
}

impl Counts {
    pub(super) fn written(&self) -> u64 {
        self.written.load(Relaxed)
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    pub(super) fn add_written(&self) {
        self.written.fetch_add(1, Relaxed);
    }

    pub(super) fn add_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
        self.unreported.fetch_add(1, Relaxed);
    }

    /// Takes the number of dropped lines for the next line.
    pub(super) fn take_unreported(&self) -> u64 {
        self.unreported.swap(0, Relaxed)
    }

    /// Gives a number back whose line could not be written.
    pub(super) fn give_back(&self, unreported: u64) {
        self.unreported.fetch_add(unreported, Relaxed);
    }
}

#[cfg(all(test, battlement_loom))]
mod model;
