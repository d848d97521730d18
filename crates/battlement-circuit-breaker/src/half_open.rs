use battlement_core::InvalidField;

/// The trial of an upstream after the open time: a number of calls, the probes, is let through.
///
/// The breaker closes after `successes` of them, and opens again once that number can no longer be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HalfOpen {
    pub(crate) probes: u32,
    pub(crate) successes: u32,
}

/// The most probes of a trial.
const MOST_PROBES: u32 = 1_000;

impl HalfOpen {
    /// Creates a trial of `probes` calls, of which `successes` close the breaker. The layer checks the values.
    #[must_use]
    pub const fn new(probes: u32, successes: u32) -> Self {
        Self { probes, successes }
    }

    /// Returns the number of failures that the trial can bear.
    pub(crate) const fn spare(self) -> u32 {
        self.probes.saturating_sub(self.successes)
    }

    pub(crate) fn invalid_fields(self) -> Vec<InvalidField> {
        let Self { probes, successes } = self;
        let mut invalid = Vec::new();
        if !(1..=MOST_PROBES).contains(&probes) {
            let message = format!("must be 1 to {MOST_PROBES}, got {probes}");
            invalid.push(InvalidField::new("half_open.probes", message));
        }
        if successes == 0 || successes > probes {
            let message = format!("must be 1 to `probes` ({probes}), got {successes}");
            invalid.push(InvalidField::new("half_open.successes", message));
        }
        invalid
    }
}

impl Default for HalfOpen {
    /// Creates the default: 3 probes, of which 2 must succeed, so that one lost or failed call does not decide.
    fn default() -> Self {
        Self::new(3, 2)
    }
}
