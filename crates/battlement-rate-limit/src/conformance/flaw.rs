use crate::StoreError;

/// The reason why a check ended before its end.
#[derive(Debug)]
pub(super) enum Flaw {
    /// The store failed to answer, which it may do if the suite is configured so.
    Failed(StoreError),
    /// The store answered, but not as the rule demands.
    Deviates(String),
}

pub(super) type Checked<T = ()> = Result<T, Flaw>;

impl Flaw {
    /// Returns an error with the message unless `holds`.
    pub(super) fn unless(holds: bool, message: impl FnOnce() -> String) -> Checked {
        if holds { Ok(()) } else { Err(Self::Deviates(message())) }
    }
}

impl From<StoreError> for Flaw {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}
