/// How a [`Redis`](super::Redis) stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Nobody knows yet: the first connection is being made. Requests wait for it, up to the deadline.
    Connecting,
    /// It is asked.
    Up,
    /// Some nodes of a cluster are not asked, since they are unavailable; or one of several runtimes does not reach Redis.
    Degraded,
    /// It is not asked, since it is away. It is tried in the background.
    Down,
}

impl State {
    /// The word for labels.
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
