/// The counts that a [`Trip`](super::Trip) looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The failures, and all calls, of the time window.
    pub(crate) time: Share,
    /// The failures, and all calls, of the last calls.
    pub(crate) calls: Share,
    /// The slow calls, and all calls, of the window of the slow rate.
    pub(crate) slow: Share,
    /// The failures in a row.
    pub(crate) streak: u64,
}

/// A part of a number of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) part: u64,
    pub(crate) total: u64,
}
