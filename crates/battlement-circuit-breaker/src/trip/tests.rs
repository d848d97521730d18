use std::time::Duration;

use super::*;
use crate::trip::Share;

fn share(part: u64, total: u64) -> Share {
    Share { part, total }
}

/// Returns whether a failure with these counts of the time window and this streak opens the breaker.
fn opens(trip: Trip, part: u64, total: u64, streak: u64) -> bool {
    trip.trips(&Tally { time: share(part, total), streak, ..Tally::default() }, true, false)
}

#[test]
fn by_default_half_of_20_calls_open_and_5_in_a_row_only_below_20() {
    let trip = Trip::default();
    assert!(opens(trip, 10, 20, 1) && opens(trip, 19, 20, 0));
    assert!(!opens(trip, 9, 19, 4) && !opens(trip, 9, 20, 4));
    assert!(opens(trip, 5, 19, 5), "5 in a row below 20 calls");
    assert!(!opens(trip, 9, 20, 9), "at 20 calls they are not looked at");
}

#[test]
fn the_first_failure_is_no_reason_to_open() {
    assert!(!opens(Trip::default(), 1, 1, 1));
    assert!(opens(Trip::failure_rate(Rate::at_least(0.5).minimum(1)), 1, 1, 1));
}

#[test]
fn consecutive_failures_open_at_any_throughput_unless_they_are_limited_to_low_ones() {
    let rate = Trip::failure_rate(Rate::default());
    assert!(opens(rate.or(Trip::consecutive(5)), 9, 1_000, 5));
    assert!(!opens(rate.or(Trip::consecutive(5)), 9, 1_000, 4));
    assert!(opens(Trip::consecutive_below_minimum(5), 5, 1_000, 5), "there is no rate");
    let by_calls = Trip::failure_rate(Rate::at_least(0.5).over_calls(10));
    let both = rate.or(by_calls).or(Trip::consecutive_below_minimum(5));
    let tally = |time, calls| Tally { time, calls, slow: share(0, 0), streak: 5 };
    assert!(both.trips(&tally(share(5, 19), share(4, 9)), true, false));
    assert!(!both.trips(&tally(share(5, 19), share(4, 10)), true, false));
    assert!(!both.trips(&tally(share(5, 20), share(4, 9)), true, false));
}

#[test]
fn a_rate_is_reached_at_its_share_or_above_it() {
    for (rate, at) in [(Rate::at_least(0.29), true), (Rate::above(0.29), false)] {
        let trip = Trip::failure_rate(rate.minimum(1));
        assert_eq!(opens(trip, 29, 100, 0), at);
        assert!(opens(trip, 30, 100, 0) && !opens(trip, 28, 100, 0));
        assert!(opens(trip, 290_001, 1_000_000, 0) && !opens(trip, 289_999, 1_000_000, 0));
    }
    assert!(opens(Trip::failure_rate(Rate::at_least(1.0)), 20, 20, 0));
    assert!(!opens(Trip::failure_rate(Rate::above(1.0)), 20, 20, 0));
}

#[test]
fn rates_are_equal_if_each_part_in_effect_is() {
    let rate = Rate::at_least(0.5);
    assert_eq!(rate, rate.minimum(20), "20 is the default");
    assert_eq!(rate.over_calls(10), rate.over_calls(10).minimum(10));
    let longer = rate.over(Duration::from_secs(11));
    for other in
        [Rate::at_least(0.4), Rate::above(0.5), rate.minimum(21), longer, rate.over_calls(20)]
    {
        assert_ne!(rate, other);
    }
}

#[test]
fn each_rate_has_counts_of_its_own() {
    let calls = Trip::failure_rate(Rate::at_least(0.5).over_calls(10));
    let slow = Trip::slow_rate(Rate::at_least(0.5).minimum(2));
    let tally = |calls, slow| Tally { time: share(9, 9), calls, slow, streak: 9 };
    let none = share(0, 0);
    assert!(calls.trips(&tally(share(5, 10), none), true, false));
    assert!(!calls.trips(&tally(share(9, 9), none), true, false), "10 calls are the minimum");
    assert!(slow.trips(&tally(none, share(1, 2)), false, true));
    assert!(!slow.trips(&tally(none, share(1, 2)), true, false), "the call was not slow");
    assert!(!calls.trips(&tally(share(5, 10), none), false, true), "the call did not fail");
    assert!(calls.or(slow).trips(&tally(none, share(2, 2)), true, true));
}

#[test]
fn every_invalid_condition_is_reported() {
    let trip = Trip::failure_rate(Rate::at_least(1.5).over(Duration::ZERO).minimum(0))
        .or(Trip::failure_rate(Rate::above(f64::NAN).over_calls(0)))
        .or(Trip::slow_rate(Rate::at_least(-0.1).over_calls(10).minimum(11)))
        .or(Trip::consecutive(0));
    let invalid: Vec<_> = trip.invalid_fields().iter().map(ToString::to_string).collect();
    let expected = [
        "failure_rate.share: must be 0 to 1, got 1.5",
        "failure_rate.window: must be 1s to 1h, got 0ns",
        "failure_rate.minimum: must be at least 1, got 0",
        "failure_rate_by_calls.share: must be 0 to 1, got NaN",
        "failure_rate_by_calls.calls: must be 1 to 1000000, got 0",
        "slow_rate.share: must be 0 to 1, got -0.1",
        "slow_rate.minimum: must be at most `calls` (10), got 11",
        "consecutive: must be at least 1, got 0",
    ];
    assert_eq!(invalid, expected);
}

#[test]
fn the_ends_of_every_range_are_valid() {
    for rate in [
        Rate::at_least(0.0).over(Duration::from_secs(1)).minimum(1),
        Rate::at_least(1.0).over(Duration::from_secs(3_600)),
        Rate::above(0.5).over_calls(1).minimum(1),
        Rate::above(0.5).over_calls(1_000_000).minimum(1_000_000),
    ] {
        assert_eq!(Trip::failure_rate(rate).invalid_fields(), []);
        assert_eq!(Trip::slow_rate(rate).invalid_fields(), []);
    }
    assert!(!Trip::failure_rate(Rate::default().over_calls(1_000_001)).invalid_fields().is_empty());
    let long = Rate::default().over(Duration::from_millis(3_600_001));
    assert!(!Trip::failure_rate(long).invalid_fields().is_empty());
}

#[test]
fn a_condition_that_stands_twice_is_an_error() {
    let twice = |trip: Trip| trip.or(trip).invalid_fields();
    for (trip, field) in [
        (Trip::failure_rate(Rate::default()), "failure_rate"),
        (Trip::failure_rate(Rate::default().over_calls(100)), "failure_rate_by_calls"),
        (Trip::slow_rate(Rate::default()), "slow_rate"),
        (Trip::consecutive(5), "consecutive"),
    ] {
        let invalid = twice(trip);
        assert_eq!((invalid.len(), invalid[0].field()), (1, field));
        assert_eq!(trip.or(Trip::NONE).invalid_fields(), []);
    }
    let nested = Trip::consecutive(5).or(Trip::consecutive(6)).or(Trip::slow_rate(Rate::default()));
    assert_eq!(nested.invalid_fields().len(), 1);
}

#[test]
fn a_trip_without_a_condition_is_an_error() {
    assert_eq!(Trip::NONE.invalid_fields().len(), 1);
}

#[test]
fn a_bucket_is_a_tenth_of_the_window() {
    let minute = Rate::default().over(Duration::from_secs(60));
    let seconds = |trip: Trip| (trip.step() / 1_000_000_000, trip.slow_step() / 1_000_000_000);
    assert_eq!(seconds(Trip::failure_rate(minute)), (6, 0));
    assert_eq!(seconds(Trip::slow_rate(minute)), (1, 6));
    assert_eq!(seconds(Trip::slow_rate(minute.over_calls(7))), (1, 0));
}
