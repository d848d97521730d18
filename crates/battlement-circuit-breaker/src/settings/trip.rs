use battlement_core::{InvalidField, settings::duration};
use serde::Deserialize;

use crate::{
    Rate, Trip,
    trip::{CONSECUTIVE, MINIMUM},
};

/// A failure rate over time in [`CircuitBreakerSettings`](super::CircuitBreakerSettings).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailureRateSettings {
    /// Whether the rate opens the breaker.
    pub enabled: bool,
    /// The share of failures that opens the breaker, 0 to 1.
    pub share: f64,
    /// Whether more than `share` must have failed. Default: no, `share` is enough.
    pub above: bool,
    /// The length of the window, as `10s`: 1 second to 1 hour.
    pub window: Option<String>,
    /// The calls in the window below which the rate is not looked at, at least 1.
    pub minimum: u32,
}

/// A failure rate over a number of calls in [`CircuitBreakerSettings`](super::CircuitBreakerSettings).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CallRateSettings {
    /// The share of failures that opens the breaker, 0 to 1.
    pub share: f64,
    /// Whether more than `share` must have failed. Default: no, `share` is enough.
    pub above: bool,
    /// The number of calls, 1 to 1,000,000. Default: 100.
    pub calls: u32,
    /// The calls below which the rate is not looked at, 1 to `calls`. Default: 20, or `calls` if that is less.
    pub minimum: Option<u32>,
}

/// A rate of slow calls in [`CircuitBreakerSettings`](super::CircuitBreakerSettings), over time or over a number of
/// calls.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlowRateSettings {
    /// The share of slow calls that opens the breaker, 0 to 1.
    pub share: f64,
    /// Whether more than `share` must be slow. Default: no, `share` is enough.
    pub above: bool,
    /// The length of the window, as `10s`: 1 second to 1 hour. Default: 10 s, unless `calls` is set.
    pub window: Option<String>,
    /// The number of calls, 1 to 1,000,000, in place of `window`.
    pub calls: Option<u32>,
    /// The calls in the window below which the rate is not looked at, at least 1. Default: 20, or `calls` if that is
    /// less.
    pub minimum: Option<u32>,
}

/// Failures in a row in [`CircuitBreakerSettings`](super::CircuitBreakerSettings).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsecutiveSettings {
    /// Whether failures in a row open the breaker.
    pub enabled: bool,
    /// The number of failures, at least 1.
    pub failures: u32,
    /// Whether they are looked at only while a failure rate has fewer calls than its minimum.
    pub below_minimum: bool,
}

/// The share of a rate that is not set.
const SHARE: f64 = 0.5;

const CALLS: u32 = 100;

/// The conditions that open a breaker.
pub(super) struct Conditions {
    pub(super) failure_rate: FailureRateSettings,
    pub(super) by_calls: Option<CallRateSettings>,
    pub(super) consecutive: ConsecutiveSettings,
    pub(super) slow_rate: Option<SlowRateSettings>,
}

impl Conditions {
    pub(super) fn trip(self, invalid: &mut Vec<InvalidField>) -> Trip {
        let by_time = self.failure_rate.rate(invalid).map(Trip::failure_rate);
        let by_calls = self.by_calls.map(|rate| Trip::failure_rate(rate.rate()));
        let slow = self.slow_rate.map(|rate| Trip::slow_rate(rate.rate(invalid)));
        let conditions = [by_time, by_calls, self.consecutive.trip(), slow];
        conditions.into_iter().flatten().fold(Trip::NONE, Trip::or)
    }
}

impl FailureRateSettings {
    fn rate(self, invalid: &mut Vec<InvalidField>) -> Option<Rate> {
        let rate = rate(self.share, self.above).minimum(self.minimum);
        let rate = over("failure_rate.window", self.window, rate, invalid);
        self.enabled.then_some(rate)
    }
}

impl CallRateSettings {
    fn rate(self) -> Rate {
        least(rate(self.share, self.above).over_calls(self.calls), self.minimum)
    }
}

impl SlowRateSettings {
    fn rate(self, invalid: &mut Vec<InvalidField>) -> Rate {
        if self.window.is_some() && self.calls.is_some() {
            let message = "must be unset with `window`: a rate is over time or over calls";
            invalid.push(InvalidField::new("slow_rate.calls", message));
        }
        let rate = least(rate(self.share, self.above), self.minimum);
        match self.calls {
            Some(calls) => rate.over_calls(calls),
            None => over("slow_rate.window", self.window, rate, invalid),
        }
    }
}

impl ConsecutiveSettings {
    fn trip(self) -> Option<Trip> {
        let trip = match self.below_minimum {
            true => Trip::consecutive_below_minimum(self.failures),
            false => Trip::consecutive(self.failures),
        };
        self.enabled.then_some(trip)
    }
}

fn rate(share: f64, above: bool) -> Rate {
    if above { Rate::above(share) } else { Rate::at_least(share) }
}

fn least(rate: Rate, minimum: Option<u32>) -> Rate {
    minimum.map_or(rate, |minimum| rate.minimum(minimum))
}

fn over(field: &str, text: Option<String>, rate: Rate, invalid: &mut Vec<InvalidField>) -> Rate {
    let window = text.and_then(|text| duration(field, &text, invalid));
    window.map_or(rate, |window| rate.over(window))
}

impl Default for FailureRateSettings {
    fn default() -> Self {
        Self { enabled: true, share: SHARE, above: false, window: None, minimum: MINIMUM }
    }
}

impl Default for CallRateSettings {
    fn default() -> Self {
        Self { share: SHARE, above: false, calls: CALLS, minimum: None }
    }
}

impl Default for SlowRateSettings {
    fn default() -> Self {
        Self { share: SHARE, above: false, window: None, calls: None, minimum: None }
    }
}

impl Default for ConsecutiveSettings {
    fn default() -> Self {
        Self { enabled: true, failures: CONSECUTIVE, below_minimum: true }
    }
}
