use battlement_core::InvalidField;

use crate::{open_for::nanos, window::BUCKETS};

mod rate;
mod tally;

#[cfg(feature = "serde")]
pub(crate) use self::rate::MINIMUM;
pub use self::rate::Rate;
pub(crate) use self::{
    rate::Over,
    tally::{Share, Tally},
};

/// The conditions that open a breaker, combined with [`or`](Self::or).
///
/// They are looked at after each failure, and the slow rate after each slow call: a success costs no sum.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use battlement_circuit_breaker::{Rate, Trip};
///
/// let window = Duration::from_secs(10);
/// let default = Trip::failure_rate(Rate::at_least(0.5).over(window).minimum(20))
///     .or(Trip::consecutive_below_minimum(5));
/// assert_eq!(Trip::default(), default);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trip {
    pub(crate) time: Option<Rate>,
    pub(crate) calls: Option<Rate>,
    pub(crate) slow: Option<Rate>,
    pub(crate) consecutive: Option<Consecutive>,
    /// A condition that was given twice, which is an error.
    duplicate: Option<&'static str>,
}

/// A number of failures in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Consecutive {
    pub(crate) failures: u32,
    /// Whether it is looked at only while a failure rate has fewer calls than its minimum.
    pub(crate) below_minimum: bool,
}

/// The failures in a row that open a breaker by default.
pub(crate) const CONSECUTIVE: u32 = 5;

impl Trip {
    /// No condition.
    pub(crate) const NONE: Self =
        Self { time: None, calls: None, slow: None, consecutive: None, duplicate: None };

    /// Opens the breaker at a rate of failures.
    #[must_use]
    pub const fn failure_rate(rate: Rate) -> Self {
        match rate.window() {
            Over::Time(_) => Self { time: Some(rate), ..Self::NONE },
            Over::Calls(_) => Self { calls: Some(rate), ..Self::NONE },
        }
    }

    /// Opens the breaker at a rate of slow calls: those whose response head takes longer than the layer's `slow_after`,
    /// whether they succeed or fail. While this condition is set, a slow probe counts as a failed one.
    #[must_use]
    pub const fn slow_rate(rate: Rate) -> Self {
        Self { slow: Some(rate), ..Self::NONE }
    }

    /// Opens the breaker after `failures` in a row, at any throughput.
    ///
    /// At high throughput, a small share of random failures is enough for some in a row: at 20 %, five come in a row
    /// every 3,900 calls. See [`consecutive_below_minimum`](Self::consecutive_below_minimum).
    #[must_use]
    pub const fn consecutive(failures: u32) -> Self {
        Self { consecutive: Some(Consecutive { failures, below_minimum: false }), ..Self::NONE }
    }

    /// Opens the breaker after `failures` in a row, while the failure rate that it is combined with has fewer calls
    /// than its minimum.
    #[must_use]
    pub const fn consecutive_below_minimum(failures: u32) -> Self {
        Self { consecutive: Some(Consecutive { failures, below_minimum: true }), ..Self::NONE }
    }

    /// Opens the breaker under one condition or another. Each can stand once: a failure rate over time, a failure rate
    /// over a number of calls, failures in a row, and a rate of slow calls.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut duplicate = self.duplicate.or(other.duplicate);
        Self {
            time: either("failure_rate", self.time, other.time, &mut duplicate),
            calls: either("failure_rate_by_calls", self.calls, other.calls, &mut duplicate),
            slow: either("slow_rate", self.slow, other.slow, &mut duplicate),
            consecutive: either("consecutive", self.consecutive, other.consecutive, &mut duplicate),
            duplicate,
        }
    }

    /// Returns whether the breaker opens. `slow` is whether the last call was slow, and `failed` whether it failed.
    pub(crate) fn trips(&self, tally: &Tally, failed: bool, slow: bool) -> bool {
        failed && self.fails(tally)
            || slow && self.slow.is_some_and(|rate| rate.is_reached(tally.slow))
    }

    fn fails(&self, tally: &Tally) -> bool {
        let rates = [(self.time, tally.time), (self.calls, tally.calls)];
        let in_a_row = self.consecutive.is_some_and(|consecutive| {
            let is_low =
                |(rate, counts): &(Option<Rate>, _)| rate.is_none_or(|rate| rate.is_below(*counts));
            tally.streak >= u64::from(consecutive.failures)
                && (!consecutive.below_minimum || rates.iter().all(is_low))
        });
        let is_reached =
            |(rate, counts): (Option<Rate>, _)| rate.is_some_and(|rate| rate.is_reached(counts));
        in_a_row || rates.into_iter().any(is_reached)
    }

    /// Returns the length of a bucket of the time window, in nanoseconds. Without a failure rate over time, the window
    /// that a snapshot shows is that of the default.
    pub(crate) fn step(&self) -> u64 {
        step(self.time.unwrap_or_default())
    }

    /// Returns the length of a bucket of the slow rate, or 0 if it has no time window.
    pub(crate) fn slow_step(&self) -> u64 {
        self.slow.map_or(0, step)
    }

    pub(crate) fn invalid_fields(&self) -> Vec<InvalidField> {
        let rates = [
            ("failure_rate", self.time),
            ("failure_rate_by_calls", self.calls),
            ("slow_rate", self.slow),
        ];
        let mut invalid: Vec<_> = rates
            .into_iter()
            .flat_map(|(field, rate)| rate.map_or_else(Vec::new, |rate| rate.invalid_fields(field)))
            .collect();
        if let Some(field) = self.duplicate {
            invalid.push(InvalidField::new(
                field,
                "must be set once; a second one was combined with `or`",
            ));
        }
        if self.consecutive.is_some_and(|consecutive| consecutive.failures == 0) {
            invalid.push(InvalidField::new("consecutive", "must be at least 1, got 0"));
        }
        if *self == Self::NONE {
            let message = "must have a condition, or the breaker never opens; to switch it off, set `enabled` to false";
            invalid.push(InvalidField::new("failure_rate", message));
        }
        invalid
    }
}

impl Default for Trip {
    /// Creates the default: half of at least 20 calls within 10 s, or 5 failures in a row while there are fewer calls.
    fn default() -> Self {
        Self::failure_rate(Rate::default()).or(Self::consecutive_below_minimum(CONSECUTIVE))
    }
}

fn either<T>(
    field: &'static str,
    one: Option<T>,
    other: Option<T>,
    duplicate: &mut Option<&'static str>,
) -> Option<T> {
    if one.is_some() && other.is_some() {
        *duplicate = Some(field);
    }
    one.or(other)
}

fn step(rate: Rate) -> u64 {
    match rate.window() {
        Over::Time(window) => (nanos(window) / BUCKETS).max(1),
        Over::Calls(_) => 0,
    }
}

#[cfg(test)]
mod tests;
