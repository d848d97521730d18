use std::{
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{breaker::Breaker, clock::Clock, place::Place, slot::SLOTS};

/// What is known of those who answer for some slots: all of them on one server, neighbours on a cluster,
/// since these mostly lie on the same node.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) clock: Clock,
    /// How often the script was loaded.
    pub(super) loads: AtomicU64,
    /// Held while it is.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// What is asked to see whether it decides, and the slot of that.
    pub(super) probed: OnceLock<(Place, u16)>,
    breaker: Mutex<Breaker>,
    open: AtomicBool,
}

impl Group {
    pub(super) fn new() -> Self {
        Self {
            clock: Clock::new(),
            loads: AtomicU64::new(0),
            loading: tokio::sync::Mutex::default(),
            probed: OnceLock::new(),
            breaker: Mutex::default(),
            open: AtomicBool::new(false),
        }
    }

    /// Whether it is not to be asked.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// So many calls have ended well.
    pub(super) fn note_successes(&self, now: Duration, calls: usize) {
        self.breaker().note_successes(now, u32::try_from(calls).unwrap_or(u32::MAX));
    }

    /// A call of `asked` has failed. If too many have, it is not to be asked.
    pub(super) fn note_failure(&self, asked: Duration, now: Duration) {
        if self.breaker().note_failure(asked, now) {
            self.open();
        }
    }

    /// It is not to be asked.
    pub(super) fn open(&self) {
        self.open.store(true, Relaxed);
    }

    /// It is to be asked again.
    pub(super) fn close(&self, now: Duration) {
        self.breaker().clear(now);
        self.open.store(false, Relaxed);
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which of `groups` a slot belongs to.
pub(super) fn group_of(slot: u16, groups: usize) -> usize {
    usize::from(slot) * groups / usize::from(SLOTS)
}
