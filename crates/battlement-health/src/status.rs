use std::fmt;

use battlement_core::CheckState;

/// The status of a check, or of all checks of a probe, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Everything works.
    Pass,
    /// The service works in part, and still receives requests.
    Degraded,
    /// The service cannot do its work.
    Fail,
}

impl Status {
    /// All statuses, from best to worst.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Degraded, Self::Fail];

    /// Returns the value for labels and documents: `pass`, `degraded` or `fail`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Degraded => "degraded",
            Self::Fail => "fail",
        }
    }

    /// Returns the status of a result.
    #[must_use]
    pub const fn of(state: &CheckState) -> Self {
        match state {
            CheckState::Pass { .. } => Self::Pass,
            CheckState::Degraded { .. } => Self::Degraded,
            // `CheckState` may grow; a result that is not known is not trusted.
            _ => Self::Fail,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
