use std::time::Duration;

use crate::{CircuitBreakerLayer, HalfOpen, OpenFor, Rate, Trip, config::Config};

/// The name of a layer that is not given one.
pub(crate) const NAME: &str = "client";

/// Layers with the defaults of other libraries. Names, keys and further settings are those of
/// [`new`](CircuitBreakerLayer::new).
impl CircuitBreakerLayer {
    /// Creates a layer with the defaults of opossum 9: it opens above 50 % of any number of calls within 10 s, for 30 s,
    /// and closes after one successful probe.
    ///
    /// opossum's time limit of 10 s is a layer of its own here, inside the breaker.
    #[must_use]
    pub fn opossum() -> Self {
        let trip = Trip::failure_rate(Rate::above(0.5).over(seconds(10)).minimum(1));
        preset(trip, 30, Some(HalfOpen::new(1, 1)))
    }

    /// Creates a layer with the defaults of brakes: it opens when fewer than 50 % of more than 100 calls within 60 s
    /// succeed, for 30 s, and then closes without a probe.
    ///
    /// The window has 10 buckets, and that of brakes 60. Its time limit of 15 s is a layer of its own here, inside the
    /// breaker.
    #[must_use]
    pub fn brakes() -> Self {
        let trip = Trip::failure_rate(Rate::above(0.5).over(seconds(60)).minimum(101));
        preset(trip, 30, None)
    }

    /// Creates a layer with the defaults of Hystrix: it opens at 50 % of at least 20 calls within 10 s, for 5 s, and
    /// closes after one successful probe.
    ///
    /// The time limit of 1 s and the bulkhead of 10 calls of Hystrix are layers of their own.
    #[must_use]
    pub fn hystrix() -> Self {
        let trip = Trip::failure_rate(Rate::at_least(0.5).over(seconds(10)).minimum(20));
        preset(trip, 5, Some(HalfOpen::new(1, 1)))
    }

    /// Creates a layer with the defaults of resilience4j: it opens when 50 % of the last 100 calls have failed, or all of
    /// them took longer than 60 s, for 60 s. Of 10 probes, fewer than 50 % may fail.
    ///
    /// The trial ends as soon as its result is certain: after the sixth success, or the fifth failure.
    #[must_use]
    pub fn resilience4j() -> Self {
        let calls = |share| Rate::at_least(share).over_calls(100).minimum(100);
        let trip = Trip::failure_rate(calls(0.5)).or(Trip::slow_rate(calls(1.0)));
        preset(trip, 60, Some(HalfOpen::new(10, 6))).slow_after(seconds(60))
    }

    /// Creates a layer with the defaults of Polly 8: it opens at 10 % of at least 100 calls within 30 s, for 5 s, and
    /// closes after one successful probe.
    #[must_use]
    pub fn polly() -> Self {
        let trip = Trip::failure_rate(Rate::at_least(0.1).over(seconds(30)).minimum(100));
        preset(trip, 5, Some(HalfOpen::new(1, 1)))
    }
}

fn preset(trip: Trip, open_for: u64, half_open: Option<HalfOpen>) -> CircuitBreakerLayer {
    let open_for = OpenFor::fixed(seconds(open_for));
    let config = Config { trip, open_for, half_open, ..Config::default() };
    CircuitBreakerLayer::of(NAME.into(), config)
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[cfg(all(test, not(battlement_loom)))]
mod tests {
    use super::*;

    fn has(layer: &CircuitBreakerLayer, trip: Trip, open_for: u64, trial: Option<(u32, u32)>) {
        let half_open = trial.map(|(probes, successes)| HalfOpen::new(probes, successes));
        let config = layer.config().checked().expect("the values are valid");
        assert_eq!((config.trip, config.half_open), (trip, half_open));
        assert_eq!(config.open_for, OpenFor::fixed(Duration::from_secs(open_for)));
        assert!(config.enabled && !config.shadow);
    }

    #[test]
    fn each_preset_has_the_defaults_of_its_library() {
        let rate = |rate: Rate, window, minimum| {
            Trip::failure_rate(rate.over(Duration::from_secs(window)).minimum(minimum))
        };
        let of = CircuitBreakerLayer::opossum();
        has(&of, rate(Rate::above(0.5), 10, 1), 30, Some((1, 1)));
        let of = CircuitBreakerLayer::brakes();
        has(&of, rate(Rate::above(0.5), 60, 101), 30, None);
        let of = CircuitBreakerLayer::hystrix();
        has(&of, rate(Rate::at_least(0.5), 10, 20), 5, Some((1, 1)));
        let of = CircuitBreakerLayer::polly();
        has(&of, rate(Rate::at_least(0.1), 30, 100), 5, Some((1, 1)));
        let calls = |share| Rate::at_least(share).over_calls(100).minimum(100);
        let trip = Trip::failure_rate(calls(0.5)).or(Trip::slow_rate(calls(1.0)));
        let of = CircuitBreakerLayer::resilience4j();
        has(&of, trip, 60, Some((10, 6)));
        assert_eq!(of.config().slow_after, Duration::from_secs(60));
    }

    #[test]
    fn the_default_has_the_documented_values() {
        let layer = CircuitBreakerLayer::new("billing");
        let config = layer.config();
        let rate = Rate::at_least(0.5).over(Duration::from_secs(10)).minimum(20);
        let trip = Trip::failure_rate(rate).or(Trip::consecutive_below_minimum(5));
        assert_eq!((config.trip, config.half_open), (trip, Some(HalfOpen::new(3, 2))));
        let open_for = OpenFor::doubling(Duration::from_secs(5), Duration::from_secs(60));
        assert_eq!((config.open_for, config.slow_after), (open_for, Duration::from_secs(2)));
        assert_eq!((config.max_keys, config.max_open, config.shadow), (1_024, 1.0, false));
    }
}
