use std::time::Duration;

use crate::script::{Answer, Question};

/// A question with its deadline.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) question: Question,
    /// Since the epoch of the client.
    pub(crate) deadline: Duration,
}

impl AsRef<Self> for Call {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// An answer of Redis, with the time by its clock.
#[derive(Debug)]
pub(crate) struct TimedAnswer {
    pub(crate) answer: Answer,
    pub(crate) at: u64,
}
