use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use crate::{connection::SLOTS, script::RedisKey};

/// Slots that share a circuit breaker: all of them on one server; neighbors on a cluster, which mostly are on the same
/// node.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// The number of times the script was loaded.
    pub(crate) loads: AtomicU64,
    /// Held while the script is loaded.
    pub(crate) loading: tokio::sync::Mutex<()>,
    /// The key that probes use, with its slot.
    pub(crate) probed: OnceLock<(RedisKey, u16)>,
    open: AtomicBool,
}

impl Group {
    /// Returns whether the circuit breaker is open, so that requests do not ask.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Opens the circuit breaker.
    pub(crate) fn open(&self) {
        self.open.store(true, Relaxed);
    }

    /// Closes the circuit breaker.
    pub(crate) fn close(&self) {
        self.open.store(false, Relaxed);
    }
}

/// Returns the index of the group that a slot belongs to.
pub(crate) fn group_of(slot: u16, groups: usize) -> usize {
    usize::from(slot) * groups / usize::from(SLOTS)
}
