use battlement_core::CheckState;

use crate::Status;

/// The result of one run of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RunResult {
    /// The check returned that the dependency works.
    Pass,
    /// The check returned that the dependency is impaired.
    Degraded,
    /// The check returned a failure.
    Fail,
    /// The check did not end in time, and its future was dropped.
    Timeout,
    /// The check panicked.
    Panic,
}

impl RunResult {
    /// Returns the result of a run that ended with `state`.
    pub(crate) const fn of(state: &CheckState) -> Self {
        match Status::of(state) {
            Status::Pass => Self::Pass,
            Status::Degraded => Self::Degraded,
            Status::Fail => Self::Fail,
        }
    }

    /// All results.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Degraded, Self::Fail, Self::Timeout, Self::Panic];

    /// Returns the value for labels and documents: `pass`, `degraded`, `fail`, `timeout` or `panic`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Degraded => "degraded",
            Self::Fail => "fail",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
        }
    }
}

/// The number of runs of a check, by result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs([u64; RunResult::ALL.len()]);

impl Runs {
    /// Returns the number of runs with `result`.
    #[must_use]
    pub const fn get(&self, result: RunResult) -> u64 {
        self.0[result as usize]
    }

    /// Returns the number of all runs.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    pub(crate) fn add(&mut self, result: RunResult) {
        self.0[result as usize] += 1;
    }
}
