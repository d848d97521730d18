use std::sync::{
    OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use super::{key::Place, slot::SLOTS};

/// The state of some slots, which are available or not together: all of them on one server, neighbours on a cluster,
/// since these mostly lie on the same node.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The number of times that the script was loaded.
    pub(super) loads: AtomicU64,
    /// Held while it is loaded.
    pub(super) loading: tokio::sync::Mutex<()>,
    /// The key by which probes see whether the group is available, and its slot.
    pub(super) probed: OnceLock<(Place, u16)>,
    open: AtomicBool,
}

impl Group {
    /// Returns whether the group is unavailable, so that requests do not ask.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Relaxed)
    }

    /// Marks the group as unavailable.
    pub(super) fn open(&self) {
        self.open.store(true, Relaxed);
    }

    /// Marks the group as available.
    pub(super) fn close(&self) {
        self.open.store(false, Relaxed);
    }
}

/// Returns the index of the group that a slot belongs to.
pub(super) fn group_of(slot: u16, groups: usize) -> usize {
    usize::from(slot) * groups / usize::from(SLOTS)
}
