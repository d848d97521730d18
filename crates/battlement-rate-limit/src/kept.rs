/// What a [`Store`](crate::Store) keeps in this process, for gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Kept {
    /// Keys that are held, times their policies.
    pub cells: usize,
    /// Decisions that new keys shared so far, since memory was full.
    pub overflows: u64,
    /// Keys that are remembered as denied, and not asked for elsewhere; `None` if that is never done.
    pub denials: Option<usize>,
}
