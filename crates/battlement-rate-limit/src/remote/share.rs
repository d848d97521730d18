use std::time::Duration;

use crate::{Algorithm, ConfigError, InvalidField, Policies, Policy, policy::SETTINGS};

/// A fraction of a limit, greater than zero and at most one.
///
/// # Example
///
/// ```
/// use battlement_rate_limit::remote::Share;
///
/// // Four replicas, each of which allows a quarter of the limit.
/// assert_eq!(Share::one_in(4), Share::percent(25));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Share {
    part: u32,
    whole: u32,
}

impl Share {
    /// Creates the share of one of `replicas`, so that all replicas together allow as much as the store.
    ///
    /// # Panics
    ///
    /// Panics if `replicas` is 0.
    #[must_use]
    pub const fn one_in(replicas: u32) -> Self {
        assert!(replicas > 0, "`replicas` must be at least 1");
        Self { part: 1, whole: replicas }
    }

    /// Creates a share from a percentage.
    ///
    /// # Panics
    ///
    /// Panics if `percent` is 0 or greater than 100.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        assert!(0 < percent && percent <= 100, "`percent` must be between 1 and 100");
        Self { part: percent, whole: 100 }
    }

    /// Creates a share from a percentage, or returns an error; see [`percent`](Self::percent).
    ///
    /// # Errors
    ///
    /// Returns an error if `percent` is 0 or greater than 100.
    pub fn try_percent(percent: u32) -> Result<Self, ConfigError> {
        if (1..=100).contains(&percent) {
            return Ok(Self::percent(percent));
        }
        Err(ConfigError::new(
            SETTINGS,
            vec![InvalidField::new(
                "share",
                format!("must be between 1 and 100 percent, got {percent}"),
            )],
        ))
    }

    /// Returns the policies scaled to this share, each with a capacity of at least 1: a quarter of 10 is 2, and a
    /// quarter of 1 is 1.
    #[must_use]
    pub fn of(self, policies: &Policies) -> Policies {
        Policies::try_new(policies.iter().map(|policy| self.of_policy(policy)))
            .unwrap_or_else(|_| policies.clone())
    }

    fn of_policy(self, policy: &Policy) -> Policy {
        let (name, algorithm) = (policy.name(), policy.rule().algorithm());
        let units = self.units(policy.capacity());
        let built = if algorithm == Algorithm::Gcra {
            // A longer period with the same quota is exact where a smaller quota would be rounded.
            Policy::build(
                name,
                policy.quota(),
                self.stretch(policy.period()),
                Some(units),
                algorithm,
            )
        } else {
            Policy::build(name, units, policy.period(), None, algorithm)
        };
        built.map_or_else(|_| policy.clone(), |built| built.shadow(policy.is_shadow()))
    }

    fn units(self, of: u32) -> u32 {
        let units = u64::from(of) * u64::from(self.part) / u64::from(self.whole);
        u32::try_from(units).unwrap_or(of).max(1)
    }

    fn stretch(self, period: Duration) -> Duration {
        let nanos = period.as_nanos() * u128::from(self.whole) / u128::from(self.part);
        u64::try_from(nanos).map_or(MAX_PERIOD, Duration::from_nanos).min(MAX_PERIOD)
    }
}

/// The longest period of a policy, more than a century.
const MAX_PERIOD: Duration = Duration::from_micros((1 << 52) - 1);

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        let cross = |one: &Self, other: &Self| u64::from(one.part) * u64::from(other.whole);
        cross(self, other) == cross(other, self)
    }
}

impl Eq for Share {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_policies_is_rounded_down_but_never_to_nothing() {
        let policies = Policies::new([
            Policy::per_second("second", 10),
            Policy::per_day("day", 1).burst(9),
            Policy::per_minute("window", 10).algorithm(Algorithm::FixedWindow),
            Policy::per_minute("one", 1).algorithm(Algorithm::SlidingWindow).shadow(true),
        ]);
        let quarter = Share::one_in(4).of(&policies);
        let capacities: Vec<_> = quarter.iter().map(Policy::capacity).collect();
        assert_eq!(capacities, [2, 2, 2, 1]);
        assert_eq!(quarter[0].period(), Duration::from_secs(4));
        assert_eq!(quarter[1].period(), Duration::from_secs(4 * 86_400));
        assert!(quarter[3].is_shadow());
        let whole = Share::percent(100).of(&policies);
        assert_eq!(whole[1].capacity(), 9);
    }

    #[test]
    fn a_small_share_of_a_long_period_is_still_a_share() {
        let decade = Duration::from_secs(10 * 365 * 86_400);
        let policies = Policies::from(Policy::new("decade", 1_000, decade).burst(5_000));
        let share = Share::one_in(1_000).of(&policies);
        assert_eq!(share[0].capacity(), 5);
        assert_eq!(share[0].period(), MAX_PERIOD);
    }

    #[test]
    fn a_share_is_greater_than_zero_and_at_most_one() {
        assert!(Share::try_percent(0).is_err() && Share::try_percent(101).is_err());
        assert_eq!(Share::try_percent(50).unwrap(), Share::one_in(2));
    }
}
