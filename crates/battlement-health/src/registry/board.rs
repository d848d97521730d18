use std::{fmt, mem, sync::Arc};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

use super::{entries::Entries, outbox::Outbox};
use crate::{
    Observe, Summary,
    summary::SharedSummary,
    sync::{Mutex, lock},
};

#[cfg(all(test, battlement_loom))]
mod model;

/// The entries, and the summary of them that probes read without the lock.
///
/// Each change and the summary after it are stored under one lock, so the summary is always that of the last change.
pub(super) struct Board {
    entries: Mutex<Entries>,
    pub(super) summary: SharedSummary,
    pub(super) watch: watch::Sender<Summary>,
    pub(super) outbox: Outbox,
    /// Wakes the sweep when a summary holds for a shorter time than the sweep waits.
    pub(super) sooner: Arc<Notify>,
}

impl Board {
    pub(super) fn new(now: Instant, observe: Option<Arc<dyn Observe>>) -> Self {
        Self {
            entries: Mutex::new(Entries::new(now)),
            summary: SharedSummary::new(now),
            watch: watch::Sender::new(Summary::PASS),
            outbox: Outbox::new(observe),
            sooner: Arc::default(),
        }
    }

    /// Applies `change`, computes the new summary, and reports what has changed.
    ///
    /// The clock is read under the lock, so time never goes back from one summary to the next.
    pub(super) fn update<T>(
        &self,
        clock: impl FnOnce() -> Instant,
        change: impl FnOnce(&mut Entries, Instant) -> T,
    ) -> T {
        let mut entries = lock(&self.entries);
        let now = clock();
        let changed = change(&mut entries, now);
        let (summary, until) = entries.judge(now, |transition| self.outbox.push(transition));
        self.summary.store(summary, until);
        self.watch.send_if_modified(|last| mem::replace(last, summary) != summary);
        if entries.sweeps_sooner(until) {
            self.sooner.notify_one();
        }
        drop(entries);
        self.outbox.deliver();
        changed
    }

    /// Reads the entries, or applies a change that no status depends on.
    pub(super) fn amend<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> T {
        change(&mut lock(&self.entries))
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.summary.fmt(f)
    }
}
