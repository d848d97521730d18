use std::time::Duration;

use super::denied::Denied;
use crate::{Decision, PolicyState};

/// The remaining units of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    pub(crate) units: u32,
    /// Nanoseconds until more units are available.
    pub(crate) reset: u64,
}

impl PolicyState {
    #[inline]
    pub(crate) fn new(taken: Result<(), Denied>, Remaining { units, reset }: Remaining) -> Self {
        let decision = match taken {
            Ok(()) => Decision::Allow,
            Err(Denied { wait }) => Decision::Deny { wait: wait.map(Duration::from_nanos) },
        };
        Self { decision, remaining: units, reset: Duration::from_nanos(reset) }
    }
}

impl Remaining {
    /// Returns the remaining units from which a state was created.
    pub(crate) fn of(state: &PolicyState) -> Self {
        let reset = u64::try_from(state.reset.as_nanos()).unwrap_or(u64::MAX);
        Self { units: state.remaining, reset }
    }
}
