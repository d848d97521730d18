use std::{fmt, time::Duration};

/// The clock by which a store decides.
///
/// If the suite determines the time, it moves the time forwards and backwards, and all answers have to be exact. Its
/// times are whole microseconds.
pub enum Clock<St> {
    /// The time of each query, even if it is earlier than that of a previous query.
    Query,
    /// The latest time of all queries about the key so far.
    LatestQuery,
    /// A clock of the store, which this function sets to the time since an arbitrary start.
    Set(fn(&St, Duration)),
    /// A clock that the suite cannot set. The decisions and the remaining units have to be exact under policies that
    /// restore no unit during a test. The waits have to be exact at a time between the beginning of the test and the
    /// answer. Under short policies, the suite waits until units are restored.
    Real,
}

impl<St> Clock<St> {
    pub(super) const fn is_real(&self) -> bool {
        matches!(self, Self::Real)
    }
}

impl<St> Clone for Clock<St> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<St> Copy for Clock<St> {}

impl<St> fmt::Debug for Clock<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query => "Query",
            Self::LatestQuery => "LatestQuery",
            Self::Set(_) => "Set",
            Self::Real => "Real",
        })
    }
}
