use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::AcqRel},
};

use tokio::sync::Notify;

/// Health signals reported by calls and connections since the supervisor's last check.
#[derive(Debug, Default)]
pub(in super::super) struct Signals {
    signals: Mutex<SignalSet>,
    /// Whether any signal was reported since the last check.
    any: AtomicBool,
    notify: Notify,
    end: Notify,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct SignalSet {
    /// The groups with late or failed calls, one bit each.
    pub(in super::super) suspects: u128,
    /// A connection could not be replaced, or is open again.
    pub(in super::super) changed: bool,
    /// Keys were moved to another server.
    pub(in super::super) moved: bool,
}

impl Signals {
    /// Reports that a call of a group was late or failed.
    pub(in super::super) fn suspect(&self, group: usize) {
        self.set(|signals| signals.suspects |= 1 << group);
    }

    /// Reports that a connection could not be replaced, or is open again.
    pub(in super::super) fn changed(&self) {
        self.set(|signals| signals.changed = true);
    }

    /// Reports that keys were moved to another server.
    pub(in super::super) fn moved(&self) {
        self.set(|signals| signals.moved = true);
    }

    /// Reports that the last handle was dropped.
    pub(in super::super) fn close(&self) {
        self.end.notify_one();
    }

    /// Waits until the last handle is dropped.
    pub(in super::super) async fn ended(&self) {
        self.end.notified().await;
    }

    /// Clears the changes of connections.
    pub(in super::super) fn clear_changes(&self) {
        self.lock().changed = false;
    }

    /// Waits for signals, and takes them.
    pub(in super::super) async fn next(&self) -> SignalSet {
        loop {
            if self.any.swap(false, AcqRel) {
                return self.take();
            }
            self.notify.notified().await;
        }
    }

    fn take(&self) -> SignalSet {
        std::mem::take(&mut *self.lock())
    }

    fn set(&self, change: impl FnOnce(&mut SignalSet)) {
        change(&mut self.lock());
        self.any.store(true, std::sync::atomic::Ordering::Release);
        self.notify.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, SignalSet> {
        self.signals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
