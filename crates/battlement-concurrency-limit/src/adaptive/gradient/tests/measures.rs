//! The measures that the algorithm decides by.

use super::{assert_is, natural, point, window};
use crate::{
    Window,
    adaptive::gradient::{peak::Peak, tally::Tally},
};

#[test]
fn the_first_window_is_natural() {
    let mut natural = natural(10.0);
    assert_is(&natural, 10.0);
    natural.begin(&window(20.0, 100));
    assert_is(&natural, 10.0);
}

#[test]
fn the_first_windows_are_averaged() {
    let mut natural = natural(99.0);
    for (milliseconds, mean) in [(10.0, 10.0), (20.0, 15.0), (30.0, 20.0)] {
        natural.learn(&window(milliseconds, 100), 0.0);
        assert_is(&natural, mean);
    }
}

#[test]
fn an_excess_is_learned_only_if_it_may_be_chance() {
    let cases = [
        (5.0, 0.0, 9.5),
        (12.0, 0.0, 10.2),
        (12.6, 0.0, 10.0),
        (30.0, 0.5, 10.0),
        (13.5, 0.2, 10.35),
    ];
    for (milliseconds, error, expected) in cases {
        let mut natural = natural(10.0);
        for _ in 0..9 {
            natural.learn(&window(10.0, 100), 0.0);
        }
        natural.learn(&window(milliseconds, 100), error);
        assert_is(&natural, expected);
        for _ in 0..20 {
            natural.learn(&window(1_000.0, 100), 0.0);
        }
        let before = 1.0 / natural.ratio(1e-3);
        natural.learn(&window(before * 1.2, 100), 0.0);
        assert_is(&natural, before * 1.01);
    }
}

#[test]
fn the_tenth_window_is_not_averaged_whatever_it_shows() {
    let mut natural = natural(10.0);
    for _ in 0..8 {
        natural.learn(&window(10.0, 100), 0.0);
    }
    natural.learn(&window(100.0, 100), 0.0);
    assert_is(&natural, 20.0);
    natural.learn(&window(200.0, 100), 0.0);
    assert_is(&natural, 20.0);
}

#[test]
fn a_probe_lowers_the_natural_latency_and_raises_it_only_on_proof() {
    let queue = [point(10.0, 13.0), point(7.0, 10.0), point(10.0, 13.0)];
    let none = [point(10.0, 10.0), point(7.0, 10.0), point(10.0, 10.0)];
    let higher = [point(7.0, 10.0), point(10.0, 13.0), point(7.0, 10.0)];
    let small = [point(10.0, 13.0), point(9.5, 1.0), point(10.0, 13.0)];
    let way = [point(10.0, 13.0), point(8.0, 12.0), point(6.0, 9.0)];
    for (points, before, after) in [
        (queue, 20.0, 15.527),
        (queue, 5.0, 5.946),
        (none, 5.0, 8.578),
        (higher, 20.0, 15.527),
        (small, 20.0, 20.0),
        (way, 20.0, 20.0),
    ] {
        let mut natural = natural(before);
        natural.judge(&points[0], &points[1], &points[2]);
        assert_is(&natural, after);
    }
}

#[test]
fn a_service_that_becomes_slower_meanwhile_is_no_proof() {
    let mut natural = natural(10.0);
    natural.judge(&point(10.0, 13.0), &point(7.0, 13.0), &point(10.0, 26.0));
    assert_is(&natural, 10.06);
}

#[test]
fn a_climb_is_followed_as_far_as_throughput_rose() {
    let mut natural = natural(5.0);
    natural.follow(&point(20.0, 10.0), &point(40.0, 12.0), 0.4);
    assert_is(&natural, 7.955);
    natural.follow(&point(20.0, 10.0), &point(40.0, 8.0), 0.0);
    assert_is(&natural, 9.591);
}

#[test]
fn the_natural_latency_falls_to_what_is_lower_by_more_than_chance() {
    for (milliseconds, after) in [(8.0, 9.0), (8.6, 10.0), (20.0, 10.0)] {
        let mut natural = natural(10.0);
        natural.fall(&point(10.0, milliseconds));
        assert_is(&natural, after);
    }
}

#[test]
fn a_response_is_the_elasticity_of_latency() {
    let before = point(10.0, 10.0);
    for (in_flight, milliseconds, queue) in [
        (20.0, 20.0, 1.0),
        (20.0, 10.0, 0.0),
        (20.0, 10.0 * 2.0_f64.sqrt(), 0.5),
        (5.0, 5.0, 1.0),
        (5.0, 10.0, 0.0),
        (20.0, 80.0, 1.0),
        (20.0, 5.0, 0.0),
    ] {
        let response = point(in_flight, milliseconds).response(&before).expect("a step");
        assert!((response.queue - queue).abs() < 1e-9, "{in_flight}, {milliseconds}: {response:?}");
        assert!((response.step - (in_flight / 10.0).ln()).abs() < 1e-9);
        assert!((response.strength - 2.0_f64.ln() / 0.02_f64.sqrt()).abs() < 1e-9);
    }
    assert!(point(11.0, 20.0).response(&before).is_none());
    assert!(point(11.1, 20.0).response(&before).is_some());
    assert!(point(9.1, 20.0).response(&before).is_none());
    assert!((before.error() - 0.1).abs() < 1e-9);
}

#[test]
fn a_mean_is_geometric_and_more_certain() {
    let mean = point(4.0, 10.0).mean(&point(9.0, 40.0));
    let expected = [6.0, 6.0, 0.02, 0.005];
    for (found, expected) in
        [mean.limit, mean.in_flight, mean.latency, mean.variance].into_iter().zip(expected)
    {
        assert!((found - expected).abs() < 1e-9, "{mean:?}");
    }
}

#[test]
fn a_turn_has_fewer_or_more_calls_than_before_and_after() {
    let (first, last) = (point(10.0, 1.0), point(12.0, 1.0));
    for (in_flight, is_turn) in
        [(8.9, true), (9.1, false), (11.0, false), (13.1, false), (13.3, true)]
    {
        assert_eq!(point(in_flight, 1.0).is_turn(&first, &last), is_turn, "{in_flight}");
        assert_eq!(point(in_flight, 1.0).is_turn(&last, &first), is_turn, "{in_flight}");
    }
}

#[test]
fn windows_are_merged_by_their_samples() {
    let mut tally = Tally::default();
    tally.add(&Window { in_flight_mean: 4.0, limit: 9, ..window(10.0, 10) });
    let point = tally.add(&Window { in_flight_mean: 8.0, limit: 9, ..window(20.0, 30) });
    let found = [point.limit, point.in_flight, point.latency * 1e3, point.variance];
    for (found, expected) in found.into_iter().zip([9.0, 7.0, 17.5, 1.0 / 40.0]) {
        assert!((found - expected).abs() < 1e-6, "{point:?}");
    }
    assert_eq!(tally.windows(), 2);
    tally.clear();
    assert_eq!(tally.windows(), 0);
}

#[test]
fn the_spread_is_that_of_successive_windows() {
    let mut tally = Tally::default();
    let spread = |tally: &Tally| tally.error(1.0) * tally.error(1.0);
    tally.learn_spread(&window(10.0, 4));
    assert!((spread(&tally) - 1.0).abs() < 1e-9);
    tally.clear();
    tally.learn_spread(&window(10.0, 4));
    assert!((spread(&tally) - 0.9).abs() < 1e-9, "the same again");
    tally.learn_spread(&window(10.0 * 1.0_f64.exp(), 4));
    assert!((spread(&tally) - 1.01).abs() < 1e-6, "{}", spread(&tally));
    tally.forget();
    tally.learn_spread(&window(10.0, 4));
    assert!((spread(&tally) - 1.01).abs() < 1e-6, "another limit");
    tally.learn_spread(&window(10_000.0, 4));
    assert!((spread(&tally) - 1.209).abs() < 1e-6, "a change of the service: {}", spread(&tally));
    for _ in 0..100 {
        tally.learn_spread(&window(10_000.0, 4));
    }
    assert!((spread(&tally) - 0.02).abs() < 1e-9);
    assert!((tally.error(50.0) - 0.02).abs() < 1e-9);
}

#[test]
fn a_peak_is_kept_for_ten_to_twenty_windows() {
    let mut peak = Peak::default();
    assert_eq!(peak.push(9), 9);
    for window in 2..20 {
        assert_eq!(peak.push(3), 9, "{window}");
    }
    assert_eq!(peak.push(3), 3);
    assert_eq!(peak.push(5), 5);
}
