use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::{key::RedisKey, slot::SLOTS};

/// Slots that share a circuit breaker: all of them on one server; neighbors on a cluster, which mostly are on the same
/// node.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The number of times the script was loaded.
    pub(super) loads: AtomicU64,
    /// Held while the script is loaded.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// The key that probes use, with its slot.
    pub(super) probed: OnceLock<(RedisKey, u16)>,
    open: AtomicBool,
}

impl Group {
    /// Returns whether the circuit breaker is open, so that requests do not ask.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Opens the circuit breaker.
    pub(super) fn open(&self) {
        self.open.store(true, Relaxed);
    }

    /// Closes the circuit breaker.
    pub(super) fn close(&self) {
        self.open.store(false, Relaxed);
    }
}

/// Returns the index of the group that a slot belongs to.
pub(super) fn group_of(slot: u16, groups: usize) -> usize {
    usize::from(slot) * groups / usize::from(SLOTS)
}
