/// Why a call of ours was dropped before it ended, where a layer knows.
///
/// Seen from inside, a caller that left, a timeout further out and a shutdown look alike: a future is
/// dropped. The layer that drops it says why, with [`RequestFacts::drop_for`](crate::RequestFacts::drop_for),
/// before it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum DropReason {
    /// The caller went away, as far as is known.
    #[default]
    Cancelled = 0,
    /// A timeout or deadline of ours was over.
    Timeout = 1,
    /// The process is shutting down and would wait no longer.
    Shutdown = 2,
}

impl DropReason {
    pub(crate) const fn from_u8(reason: u8) -> Self {
        match reason {
            1 => Self::Timeout,
            2 => Self::Shutdown,
            _ => Self::Cancelled,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RequestFacts;

    #[test]
    fn the_last_reason_said_stands() {
        let facts = RequestFacts::starting(tokio::time::Instant::now());
        assert_eq!(facts.drop_reason(), DropReason::Cancelled);
        for reason in [DropReason::Timeout, DropReason::Shutdown, DropReason::Cancelled] {
            facts.drop_for(reason);
            assert_eq!(facts.clone().drop_reason(), reason);
        }
    }
}
