/// The availability of the store, as the supervisor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Phase {
    /// The first connection is being made; requests wait for it.
    Connecting,
    Up,
    Down,
}
