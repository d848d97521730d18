/// What a [`Probe`](crate::probe::Probe) and its clones have seen, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Polls for readiness, of all clones.
    pub readiness_polls: usize,
    /// Calls, the panicking ones too.
    pub calls: usize,
    /// Calls whose future, and then whose response body, has not been dropped.
    pub in_flight: usize,
    /// The most calls that were ever in flight at once.
    pub peak: usize,
    /// Response futures that exist, done or not.
    pub futures: usize,
    /// Response futures that were dropped before they were done.
    pub cancelled: usize,
    /// Response bodies that were dropped with frames left in them.
    pub cut_bodies: usize,
    /// Polls of response futures.
    pub future_polls: usize,
    /// Polls of response bodies.
    pub body_polls: usize,
}
