/// The way in which a response body ended. Each body has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ending {
    /// Every byte was passed on, or there was none.
    Complete,
    /// Every byte was passed on, followed by trailers.
    Trailers,
    /// The body failed, panicked, or ended short of its declared length: the peer sees a truncated response.
    Error,
    /// The body was dropped before its end: the caller went away, or an outer layer gave up.
    Dropped,
}

impl Ending {
    /// Returns whether the whole body was passed on.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Complete | Self::Trailers)
    }
}
