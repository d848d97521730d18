/// The reason for which a call was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// As many calls are in flight as the limit allows for the class of the call, and there is no queue.
    Full,
    /// The queue is full, or a call of a higher class took the place of this one in it.
    QueueFull,
    /// The call waited for the time of the queue.
    QueueTimeout,
    /// The deadline of the request passed in the queue, or would have passed before the call got a permit.
    Deadline,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Full, Self::QueueFull, Self::QueueTimeout, Self::Deadline];

    /// Returns the value for labels and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::QueueFull => "queue_full",
            Self::QueueTimeout => "queue_timeout",
            Self::Deadline => "deadline",
        }
    }
}
