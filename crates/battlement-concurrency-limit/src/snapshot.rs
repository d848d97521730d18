use std::borrow::Cow;

/// The state of a layer. The limit and the calls in flight are those of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The number of calls that may be in flight at once.
    pub limit: usize,
    /// The number of calls in flight, to the end of their bodies.
    pub in_flight: usize,
    /// The number of calls in the queue.
    pub queued: usize,
    /// The number of calls that were rejected so far.
    pub rejections: u64,
    /// Whether calls were rejected lately.
    pub is_shedding: bool,
    /// Whether an adaptive limit is held.
    pub is_held: bool,
    /// The parts of the classes, the highest first. A layer without classes has one, `default`.
    pub classes: Vec<ClassSnapshot>,
}

/// The part of one class in a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassSnapshot {
    /// The name.
    pub name: Cow<'static, str>,
    /// The number of calls in flight.
    pub in_flight: usize,
    /// The number of calls in the queue.
    pub queued: usize,
}
