use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::AcqRel},
};

use tokio::sync::Notify;

/// The signals that calls and connections have given since the supervisor last looked.
#[derive(Debug, Default)]
pub(super) struct Signs {
    seen: Mutex<Seen>,
    /// Whether there is a signal.
    any: AtomicBool,
    notify: Notify,
    end: Notify,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The groups with calls that were late or failed, one bit each.
    pub(super) suspects: u128,
    /// A connection could not be replaced, or there is one again.
    pub(super) changed: bool,
    /// A slot was moved to another node.
    pub(super) moved: bool,
}

impl Signs {
    /// Notes that a call of a group was late or failed.
    pub(super) fn suspect(&self, group: usize) {
        self.set(|seen| seen.suspects |= 1 << group);
    }

    /// Notes that a connection could not be replaced, or that there is one again.
    pub(super) fn changed(&self) {
        self.set(|seen| seen.changed = true);
    }

    /// Notes that a slot was moved to another node.
    pub(super) fn moved(&self) {
        self.set(|seen| seen.moved = true);
    }

    /// Notes that no handle is left.
    pub(super) fn closed(&self) {
        self.end.notify_one();
    }

    /// Waits until no handle is left.
    pub(super) async fn ended(&self) {
        self.end.notified().await;
    }

    /// Forgets changes of connections.
    pub(super) fn forget_changes(&self) {
        self.lock().changed = false;
    }

    /// Waits for signals, and takes them.
    pub(super) async fn next(&self) -> Seen {
        loop {
            if self.any.swap(false, AcqRel) {
                return self.take();
            }
            self.notify.notified().await;
        }
    }

    fn take(&self) -> Seen {
        std::mem::take(&mut *self.lock())
    }

    fn set(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.lock());
        self.any.store(true, std::sync::atomic::Ordering::Release);
        self.notify.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
