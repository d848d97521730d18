mod algorithm;

use std::{sync::Arc, time::Duration};

pub use self::algorithm::Algorithm;
use crate::{
    ConfigError, InvalidField, KeyHasher,
    algorithm::{Rule, interval},
};

/// The subject of configuration errors.
pub(crate) const SETTINGS: &str = "rate limit settings";
/// The maximum length of a name, in bytes.
const MAX_NAME: usize = 64;
/// Redis counts in microseconds, and its numbers are exact below this.
const MAX_MICROS: u128 = 1 << 53;

/// A limit: a quota for a period, under a name that clients see.
///
/// # Example
///
/// ```
/// use battlement_rate_limit::Policy;
///
/// let burst = Policy::per_second("burst", 10).burst(20);
/// let daily = Policy::per_day("daily", 10_000);
/// assert_eq!((burst.capacity(), daily.capacity()), (20, 10_000));
/// ```
///
/// # Invariants
///
/// The name has 1 to 64 bytes of printable ASCII, the quota is at least 1, and the rate is at most 1,000,000 per
/// second. The interval between two units is a whole number of nanoseconds, rounded up, so that no more than the quota
/// is ever admitted. The whole burst is restored in less than 2^53 microseconds.
///
/// # When its numbers change
///
/// A policy that replaces another of the same name and [`Algorithm`] continues with the state of its keys, in memory
/// and in Redis. Used units remain used, and are restored at the rate of the new policy:
///
/// - 10 used of 10 an hour, then 1,000 an hour: 990 remain at once.
/// - 500 used of 1,000 an hour, then 10 an hour: none remain. The client waits until the new policy restores one unit,
///   and not for the units that it had used beyond the new quota; in a sliding window, at most for two periods. If the
///   change is reverted, 500 remain again.
/// - A window keeps the share of its period that has passed: half of an hour becomes half of a day.
///
/// A policy with another name or algorithm starts with a full quota. Policies that apply at the same time need
/// different names: with the same name they share their state, and a client gets as much as the largest of them
/// allows.
#[derive(Clone, Debug)]
pub struct Policy {
    name: Arc<str>,
    id: u128,
    quota: u32,
    period: Duration,
    burst: Option<u32>,
    algorithm: Algorithm,
    shadow: bool,
    rule: Rule,
}

impl Policy {
    /// Creates a policy of at most `quota` in each `period`.
    ///
    /// # Panics
    ///
    /// Panics if [`try_new`](Self::try_new) returns an error.
    #[must_use]
    pub fn new(name: &str, quota: u32, period: Duration) -> Self {
        Self::try_new(name, quota, period).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Creates a policy of at most `quota` in each `period`.
    ///
    /// # Errors
    ///
    /// Returns an error if the name, the quota, the period or the resulting rate violates an
    /// [invariant](Self#invariants).
    pub fn try_new(name: &str, quota: u32, period: Duration) -> Result<Self, ConfigError> {
        Self::build(name, quota, period, None, Algorithm::Gcra)
    }

    /// Creates a policy of at most `quota` per second.
    ///
    /// # Panics
    ///
    /// Panics as [`new`](Self::new) does; so do the other constructors.
    #[must_use]
    pub fn per_second(name: &str, quota: u32) -> Self {
        Self::new(name, quota, Duration::from_secs(1))
    }

    /// Creates a policy of at most `quota` per minute.
    #[must_use]
    pub fn per_minute(name: &str, quota: u32) -> Self {
        Self::new(name, quota, Duration::from_secs(60))
    }

    /// Creates a policy of at most `quota` per hour.
    #[must_use]
    pub fn per_hour(name: &str, quota: u32) -> Self {
        Self::new(name, quota, Duration::from_secs(60 * 60))
    }

    /// Creates a policy of at most `quota` per 24 hours.
    #[must_use]
    pub fn per_day(name: &str, quota: u32) -> Self {
        Self::new(name, quota, Duration::from_secs(24 * 60 * 60))
    }

    /// Sets the number of units that an idle client may use at once. Default: the quota.
    ///
    /// # Panics
    ///
    /// Panics if `units` is 0, if restoring that many takes 2^53 microseconds or more, or if the policy counts in
    /// windows, which have no burst.
    #[must_use]
    pub fn burst(self, units: u32) -> Self {
        self.rebuilt(Some(units), self.algorithm)
    }

    /// Sets the algorithm. Default: [`Algorithm::Gcra`].
    ///
    /// # Panics
    ///
    /// Panics if the algorithm is a window and a burst was set.
    #[must_use]
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        self.rebuilt(self.burst, algorithm)
    }

    /// Sets whether the policy is only evaluated: a shadow policy counts and is observed, but rejects no request and
    /// does not appear in headers. Default: no.
    #[must_use]
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of units per period.
    #[must_use]
    pub const fn quota(&self) -> u32 {
        self.quota
    }

    /// Returns the period of the quota.
    #[must_use]
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// Returns the number of units that are available at once: the burst, or the quota of a window.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.burst.unwrap_or(self.quota)
    }

    /// Returns whether this is a [shadow](Self::shadow) policy.
    #[must_use]
    pub const fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// Returns 128 bits that identify the policy's cell among those of a key, in any process: a hash of the name and
    /// the algorithm. The cells of one algorithm are not valid state of another.
    #[must_use]
    #[inline]
    pub const fn id(&self) -> u128 {
        self.id
    }

    /// Returns the rule by which the policy counts, for stores.
    #[must_use]
    #[inline]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    fn rebuilt(&self, burst: Option<u32>, algorithm: Algorithm) -> Self {
        Self::build(&self.name, self.quota, self.period, burst, algorithm)
            .unwrap_or_else(|error| panic!("{error}"))
            .shadow(self.shadow)
    }

    pub(crate) fn build(
        name: &str,
        quota: u32,
        period: Duration,
        burst: Option<u32>,
        algorithm: Algorithm,
    ) -> Result<Self, ConfigError> {
        let mut invalid = invalid_name(name);
        let capacity = burst.unwrap_or(quota);
        invalid.extend(invalid_rate(quota, period, capacity));
        if burst.is_some() && algorithm != Algorithm::Gcra {
            invalid.push(InvalidField::new(
                "burst",
                "must be absent under a window algorithm; remove it, or set `algorithm` to gcra",
            ));
        }
        ConfigError::check(SETTINGS, invalid, ())?;
        let rule = Rule::new(algorithm, quota, period, capacity);
        let id = id(name, &rule);
        Ok(Self { name: name.into(), id, quota, period, burst, algorithm, shadow: false, rule })
    }
}

fn id(name: &str, rule: &Rule) -> u128 {
    let kind = rule.numbers().kind;
    KeyHasher::digest(&[&[kind], name.as_bytes()].concat())
}

fn invalid_name(name: &str) -> Vec<InvalidField> {
    let printable = name.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if printable && (1..=MAX_NAME).contains(&name.len()) {
        return Vec::new();
    }
    vec![InvalidField::new("name", format!("must be 1 to {MAX_NAME} bytes of printable ASCII"))]
}

fn invalid_rate(quota: u32, period: Duration, capacity: u32) -> Vec<InvalidField> {
    let mut invalid = Vec::new();
    let mut reject = |field, message: &str| invalid.push(InvalidField::new(field, message));
    if quota == 0 {
        reject("quota", "must be at least 1; to block every request, remove the route");
    }
    if capacity == 0 && quota != 0 {
        reject("burst", "must be at least 1");
    }
    if period.is_zero() {
        reject("period", "must be greater than zero");
    } else if quota > 0 && period.as_nanos() < u128::from(quota) * 1_000 {
        reject("quota", "must be at most 1,000,000 per second");
    }
    let all = u128::from(interval(quota, period)) * u128::from(capacity.max(1));
    // A sliding window lasts two periods.
    if all.max(period.as_nanos() * 2).div_ceil(1_000) >= MAX_MICROS {
        reject("period", "must let the whole burst come back in less than 2^53 microseconds");
    }
    invalid
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(error: &ConfigError) -> Vec<&str> {
        error.fields().iter().map(InvalidField::field).collect()
    }

    #[test]
    fn rates_reach_from_one_a_day_to_a_million_a_second() {
        assert_eq!(interval(1, Duration::from_secs(86_400)), 86_400_000_000_000);
        assert_eq!(interval(1_000_000, Duration::from_secs(1)), 1_000);
        assert_eq!(interval(3, Duration::from_secs(1)), 333_333_334, "rounded up");
        let _ = (Policy::per_day("slow", 1), Policy::per_second("fast", 1_000_000));
        let error = Policy::try_new("faster", 1_000_001, Duration::from_secs(1)).unwrap_err();
        assert_eq!(fields(&error), ["quota"]);
    }

    #[test]
    fn all_invalid_fields_are_reported_at_once() {
        let error = Policy::try_new("caf\u{e9}", 0, Duration::ZERO).unwrap_err();
        assert_eq!(fields(&error), ["name", "quota", "period"]);
        let long = Policy::try_new(&"n".repeat(65), 1, Duration::from_secs(1)).unwrap_err();
        assert_eq!(fields(&long), ["name"]);
    }

    #[test]
    fn a_burst_that_overflows_is_rejected() {
        let day = Duration::from_secs(86_400);
        let burst = |units| Policy::build("n", 1, day, Some(units), Algorithm::Gcra);
        assert!(burst(100_000).is_ok());
        assert_eq!(fields(&burst(u32::MAX).unwrap_err()), ["period"]);
        assert_eq!(fields(&burst(0).unwrap_err()), ["burst"]);
        assert!(Policy::try_new("n", 1, Duration::MAX).is_err());
    }

    #[test]
    #[should_panic(expected = "burst: must be absent under a window algorithm")]
    fn a_window_has_no_burst() {
        let _ = Policy::per_second("n", 1).burst(2).algorithm(Algorithm::FixedWindow);
    }
}
