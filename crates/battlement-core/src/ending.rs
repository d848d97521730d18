/// How a response body ended. Each body has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// Every byte was handed over, or there was none to hand over.
    Complete,
    /// Every byte was handed over, and trailers after them.
    Trailers,
    /// The body itself failed, panicked, or ended short of the length that was declared: the peer sees a
    /// cut-off answer.
    Error,
    /// The body was dropped before it ended: the caller went away, or a layer further out gave up.
    Dropped,
}

impl Ending {
    /// Whether the whole body was handed over.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Complete | Self::Trailers)
    }
}
