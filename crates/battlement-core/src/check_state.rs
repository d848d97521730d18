use std::{borrow::Cow, fmt};

/// The result of a health check, each with a reason.
///
/// A dependency returns it (`check_state()` of a store or a breaker) and a health registry reads it, so that neither
/// depends on the other. The reason is shown to operators: it must contain no secret.
///
/// # Example
///
/// ```
/// use battlement_core::CheckState;
///
/// let store = CheckState::degraded("Redis is unavailable; falling back to local limits");
/// let breaker = CheckState::pass("closed");
/// assert_eq!(breaker.worst(store).as_str(), "degraded");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CheckState {
    /// The dependency works.
    Pass {
        /// The state behind the result, as `closed`.
        reason: Cow<'static, str>,
    },
    /// The dependency is impaired, and the service can work without it.
    Degraded {
        /// The cause, and what still works.
        reason: Cow<'static, str>,
    },
    /// The service cannot do its work.
    Fail {
        /// The cause.
        reason: Cow<'static, str>,
    },
}

impl CheckState {
    /// Creates the result of a check that passed.
    #[must_use]
    pub fn pass(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Pass { reason: reason.into() }
    }

    /// Creates the result of a check whose dependency is impaired.
    #[must_use]
    pub fn degraded(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Degraded { reason: reason.into() }
    }

    /// Creates the result of a check that failed.
    #[must_use]
    pub fn fail(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Fail { reason: reason.into() }
    }

    /// Returns the reason of the result.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Pass { reason } | Self::Degraded { reason } | Self::Fail { reason } => reason,
        }
    }

    /// Returns the value for labels and documents: `pass`, `degraded` or `fail`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pass { .. } => "pass",
            Self::Degraded { .. } => "degraded",
            Self::Fail { .. } => "fail",
        }
    }

    /// Returns the worse of two results, and `self` if both are alike.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other.severity() > self.severity() { other } else { self }
    }

    const fn severity(&self) -> u8 {
        match self {
            Self::Pass { .. } => 0,
            Self::Degraded { .. } => 1,
            Self::Fail { .. } => 2,
        }
    }
}

impl fmt::Display for CheckState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.as_str(), self.reason())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_result_wins_with_its_reason_and_the_first_of_two_equals() {
        let states = [CheckState::pass("a"), CheckState::degraded("b"), CheckState::fail("c")];
        for (left_at, left) in states.iter().enumerate() {
            for (right_at, right) in states.iter().enumerate() {
                let worst = left.clone().worst(right.clone());
                assert_eq!(worst, states[left_at.max(right_at)]);
            }
        }
        let first = CheckState::fail("first").worst(CheckState::fail("second"));
        assert_eq!(first.to_string(), "fail: first");
    }
}
