/// Counts of the events that a [`Probe`](crate::probe::Probe) and its clones have recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Readiness polls of all clones.
    pub readiness_polls: usize,
    /// Calls, including those that panicked.
    pub calls: usize,
    /// Calls whose future or response body has not been dropped yet.
    pub in_flight: usize,
    /// The maximum number of calls in flight at the same time.
    pub peak: usize,
    /// Response futures that have not been dropped, completed or not.
    pub futures: usize,
    /// Response futures that were dropped before completion.
    pub cancelled: usize,
    /// Response bodies that were dropped before their last frame.
    pub cancelled_bodies: usize,
    /// Polls of response futures.
    pub future_polls: usize,
    /// Polls of response bodies.
    pub body_polls: usize,
}
