/// The usage of a [`Store`](crate::Store)'s memory in this process, for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The number of cells: keys times their policies.
    pub cells: usize,
    /// The number of decisions so far that new keys made by shared cells, because the store was full or their network
    /// used too much of it.
    pub overflows: u64,
    /// The number of keys that are cached as denied and not sent to a remote store; `None` if the store has no such
    /// cache.
    pub denials: Option<usize>,
}
