/// The availability of a remote store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// The first connection is being made. Requests wait for it, up to the deadline.
    Connecting,
    /// The store is available.
    Up,
    /// Some servers of the store are unavailable, or the store is unavailable in one of several runtimes.
    Degraded,
    /// The store is unavailable. Requests are decided without it, and a background task probes it.
    Down,
}

impl State {
    /// Returns the value for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}
