use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering::AcqRel},
};

use tokio::sync::Notify;

/// What calls have met since the supervisor last looked.
#[derive(Debug, Default)]
pub(super) struct Signs {
    seen: Mutex<Seen>,
    /// Whether something was met.
    any: AtomicBool,
    notify: Notify,
}

/// What was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The groups that were late or failed, one bit each.
    pub(super) suspects: u128,
    /// The connection broke.
    pub(super) broken: bool,
    /// Nobody is left who could ask. This stays.
    pub(super) closed: bool,
}

impl Signs {
    /// A group was late, or failed.
    pub(super) fn suspect(&self, group: usize) {
        self.set(|seen| seen.suspects |= 1 << group);
    }

    /// The connection broke.
    pub(super) fn broken(&self) {
        self.set(|seen| seen.broken = true);
    }

    /// Nobody is left who could ask.
    pub(super) fn closed(&self) {
        self.set(|seen| seen.closed = true);
    }

    /// Waits for something to be met, and forgets it.
    pub(super) async fn next(&self) -> Seen {
        loop {
            if self.any.swap(false, AcqRel) {
                return self.take();
            }
            self.notify.notified().await;
        }
    }

    /// What was met, and forgets it.
    pub(super) fn take(&self) -> Seen {
        let mut seen = self.lock();
        let closed = seen.closed;
        std::mem::replace(&mut *seen, Seen { closed, ..Seen::default() })
    }

    /// Waits for the end, and leaves all else to be seen later.
    pub(super) async fn ended(&self) {
        while !self.lock().closed {
            self.notify.notified().await;
        }
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
