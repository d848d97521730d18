use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use battlement_core::CheckState;
use tokio::task::AbortHandle;

use super::{Registry, Source, redact};
use crate::RunResult;

/// A reference to an entry, which keeps neither the entry nor the registry alive.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    registry: Weak<Registry>,
    id: u64,
}

impl Handle {
    pub(super) const fn new(registry: Weak<Registry>, id: u64) -> Self {
        Self { registry, id }
    }

    /// Sets the result of an entry that is set.
    pub(crate) fn set(&self, state: CheckState) {
        let state = redact(state);
        self.change(|registry| {
            registry.change(|entries, _| {
                let Some(entry) = entries.get(self.id) else { return false };
                entry.source = Source::Set(state);
                true
            });
        });
    }

    /// Records a run of the check, which took `took`, and returns whether the entry still exists.
    pub(crate) fn record(&self, state: CheckState, result: RunResult, took: Duration) -> bool {
        let state = redact(state);
        let Some(registry) = self.registry.upgrade() else { return false };
        let mut exists = false;
        registry.change(|entries, now| {
            exists = entries.record(self.id, (state, result, took), now);
            exists
        });
        exists
    }

    /// Counts a restart of the task, and returns the number of restarts.
    pub(crate) fn restarted(&self) -> u64 {
        let mut restarts = 0;
        self.change(|registry| {
            registry.change(|entries, _| {
                if let Some(entry) = entries.get(self.id) {
                    entry.restarts += 1;
                    restarts = entry.restarts;
                }
                false
            });
        });
        restarts
    }

    /// Makes the registry look at the beats of the entry now.
    pub(crate) fn beaten(&self) {
        self.change(|registry| registry.change(|_, _| true));
    }

    /// Sets the result of an entry whose handle is gone, which another entry of its name may replace.
    pub(crate) fn abandon(&self, state: CheckState) {
        self.set(state);
        self.change(|registry| {
            registry.change(|entries, _| {
                entries.get(self.id).into_iter().for_each(|entry| entry.is_abandoned = true);
                false
            });
        });
    }

    /// Removes the entry, unless another handle shares it, and aborts its task.
    pub(crate) fn remove(&self) {
        self.change(|registry| {
            let mut removed = None;
            registry.change(|entries, _| {
                let is_last = entries.get(self.id).is_some_and(|entry| {
                    entry.handles -= 1;
                    entry.handles == 0
                });
                removed = is_last.then(|| entries.remove(self.id)).flatten();
                removed.is_some()
            });
        });
    }

    /// Makes the task of the entry end with the entry.
    pub(crate) fn own(&self, task: AbortHandle) {
        let mut owner = Some(task);
        self.change(|registry| {
            registry.change(|entries, _| {
                if let Some(entry) = entries.get(self.id) {
                    entry.task = owner.take();
                }
                false
            });
        });
        owner.into_iter().for_each(|task| task.abort());
    }

    /// Returns the registry, if it still exists.
    pub(crate) fn registry(&self) -> Option<Arc<Registry>> {
        self.registry.upgrade()
    }

    fn change(&self, change: impl FnOnce(&Registry)) {
        if let Some(registry) = self.registry.upgrade() {
            change(&registry);
        }
    }
}
