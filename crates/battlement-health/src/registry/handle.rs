use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use battlement_core::{CheckState, catch_panic};
use tokio::{task::AbortHandle, time::Instant};

use super::{Registry, entries::Entries};
use crate::{Observe, RunResult, redact::redact};

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

    /// Returns the registry, if it still exists.
    pub(crate) fn registry(&self) -> Option<Arc<Registry>> {
        self.registry.upgrade()
    }

    /// Sets the result of an entry whose result is a value.
    pub(crate) fn set(&self, state: CheckState) {
        let state = redact(state);
        self.update(|entries, _| entries.set(self.id, state));
    }

    /// Sets the result of an entry whose owner is gone, which another entry of its name may replace.
    pub(crate) fn abandon(&self, state: CheckState) {
        let state = redact(state);
        self.update(|entries, _| {
            entries.set(self.id, state);
            entries.get(self.id).into_iter().for_each(|entry| entry.is_abandoned = true);
        });
    }

    /// Records a run of a check, which took `took`, and returns whether the entry still exists.
    pub(crate) fn record(&self, state: CheckState, result: RunResult, took: Duration) -> bool {
        let state = redact(state);
        let recorded =
            self.update(|entries, now| entries.record(self.id, state, result, took, now));
        let name = recorded.flatten();
        if let Some(name) = &name {
            self.tell(|observe| observe.on_run(name, result, took));
        }
        name.is_some()
    }

    /// Counts a restart of a task, and returns the number of its restarts.
    pub(crate) fn restarted(&self) -> u64 {
        let restarted = self.amend(|entries| {
            let entry = entries.get(self.id)?;
            entry.restarts += 1;
            Some((entry.name.clone(), entry.restarts))
        });
        let Some((name, restarts)) = restarted.flatten() else { return 0 };
        self.tell(|observe| observe.on_restart(&name, restarts));
        restarts
    }

    /// Makes the registry look at the beats of the entry now.
    pub(crate) fn beaten(&self) {
        self.update(|_, _| {});
    }

    /// Removes the entry and aborts its task, unless another handle shares the entry.
    pub(crate) fn remove(&self) {
        // Returned, so that it is dropped outside of the lock.
        let removed = self.update(|entries, now| entries.release(self.id, now));
        drop(removed);
    }

    /// Makes the task of the entry end with the entry.
    pub(crate) fn own(&self, task: AbortHandle) {
        let mut task = Some(task);
        self.amend(|entries| {
            entries.get(self.id).into_iter().for_each(|entry| entry.task = task.take());
        });
        task.iter().for_each(AbortHandle::abort);
    }

    fn update<T>(&self, change: impl FnOnce(&mut Entries, Instant) -> T) -> Option<T> {
        self.registry.upgrade().map(|registry| registry.board.update(Instant::now, change))
    }

    fn amend<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> Option<T> {
        self.registry.upgrade().map(|registry| registry.board.amend(change))
    }

    /// Calls the observer outside of every lock. A panic of the observer does not end the calling task.
    fn tell(&self, call: impl FnOnce(&dyn Observe)) {
        if let Some(registry) = self.registry.upgrade()
            && let Some(observe) = registry.board.outbox.observe()
        {
            let _ = catch_panic(|| call(observe));
        }
    }
}
