//! The default of the total number of connections.

/// The total where the descriptor limit allows more, since memory ends before the descriptors do.
const MOST: usize = 50_000;

/// Returns the total number of connections that the process can hold.
pub(crate) const fn derived() -> usize {
    MOST
}
