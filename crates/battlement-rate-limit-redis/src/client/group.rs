use std::sync::{OnceLock, atomic::AtomicU64};

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
}

/// Returns the index of the group that a slot belongs to.
pub(crate) fn group_of(slot: u16, groups: usize) -> usize {
    usize::from(slot) * groups / usize::from(SLOTS)
}
