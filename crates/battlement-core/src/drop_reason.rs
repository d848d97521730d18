/// Why a call of ours was dropped before it ended, where a layer knows.
///
/// Seen from inside, a caller that left, a timeout further out and a shutdown look alike: a future is
/// dropped. The layer that drops it says why, with [`RequestFacts::drop_for`](crate::RequestFacts::drop_for),
/// before it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The caller went away, as far as is known.
    #[default]
    Cancelled,
    /// A timeout or deadline of ours was over.
    Timeout,
    /// The process is shutting down and would wait no longer.
    Shutdown,
}

impl DropReason {
    /// The word for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Shutdown => "shutdown",
        }
    }
}
