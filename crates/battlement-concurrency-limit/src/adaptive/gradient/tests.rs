use std::time::Duration;

use super::{Gradient, natural::Natural, peak::Peak, point::Point, tally::Tally};
use crate::{Algorithm, Window};

fn window(milliseconds: f64, samples: u64) -> Window {
    let latency = Duration::from_secs_f64(milliseconds / 1e3);
    Window { samples, latency, ..Window::default() }
}

/// Returns a window of a limit in full use.
fn full(limit: usize, milliseconds: f64) -> Window {
    Window {
        in_flight_mean: limit as f64,
        in_flight_max: limit,
        is_full: true,
        limit,
        minimum: 4,
        maximum: 1_000,
        ..window(milliseconds, 1_000)
    }
}

fn point(in_flight: f64, milliseconds: f64) -> Point {
    Point { limit: in_flight, in_flight, latency: milliseconds / 1e3, variance: 0.01 }
}

fn natural(milliseconds: f64) -> Natural {
    let mut natural = Natural::default();
    natural.begin(&window(milliseconds, 100));
    natural
}

/// Asserts a natural latency in milliseconds.
#[track_caller]
fn assert_is(natural: &Natural, milliseconds: f64) {
    let found = 1.0 / natural.ratio(1e-3);
    assert!((found - milliseconds).abs() < 0.005, "{found} ms, not {milliseconds}");
}

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

/// Returns an algorithm that does not climb any more, with a natural latency of 10 ms.
fn settled(limit: usize) -> Gradient {
    let mut algorithm = Gradient::default();
    let unused = Window { limit, minimum: 4, maximum: 1_000, ..window(10.0, 1_000) };
    for _ in 0..2 {
        assert_eq!(algorithm.on_window(unused), limit);
    }
    algorithm.on_window(full(limit, 13.0));
    algorithm
}

#[test]
fn the_limit_stays_where_latency_is_1_3_times_the_natural_one() {
    let mut algorithm = settled(20);
    let limits: Vec<_> = (0..2).map(|_| algorithm.on_window(full(20, 13.0))).collect();
    assert_eq!(limits, [20, 20]);
    assert_eq!(algorithm.on_window(full(20, 13.0)), 14, "the fourth decision is a probe");
    assert_eq!(algorithm.on_window(full(14, 10.0)), 20, "and the limit is back");
}

#[test]
fn a_limit_goes_three_fifths_of_the_way_to_its_target() {
    assert_eq!(settled(20).on_window(full(20, 26.0)), 14);
    assert_eq!(settled(20).on_window(full(20, 10.0)), 24);
    assert_eq!(settled(20).on_window(full(20, 5.0)), 24, "no faster than by the headroom");
}

#[test]
fn a_small_limit_grows_by_at_least_one() {
    for limit in 4..8 {
        assert_eq!(settled(limit).on_window(full(limit, 11.0)), limit + 1);
    }
}

#[test]
fn a_probe_at_the_minimum_goes_up() {
    let mut algorithm = settled(4);
    for _ in 0..2 {
        assert_eq!(algorithm.on_window(full(4, 13.0)), 4);
    }
    assert_eq!(algorithm.on_window(full(4, 13.0)), 6);
    assert_eq!(algorithm.on_window(full(6, 19.5)), 4);
}

#[test]
fn a_limit_climbs_from_the_start_while_throughput_follows() {
    let mut algorithm = Gradient::default();
    let mut limits = Vec::new();
    for (limit, milliseconds) in [(20, 10.0), (40, 10.0), (80, 13.0), (160, 26.0)] {
        limits.push(algorithm.on_window(full(limit, milliseconds)));
    }
    assert_eq!(limits[..3], [40, 80, 160]);
    assert!(limits[3] < 140, "{limits:?}: throughput does not follow any more");
}

#[test]
fn a_limit_climbs_again_after_two_proofs() {
    let mut algorithm = settled(20);
    let mut limit = 20;
    let mut limits = Vec::new();
    for _ in 0..4 {
        limit = algorithm.on_window(full(limit, 10.0));
        limits.push(limit);
    }
    assert_eq!(limits, [24, 28, 56, 112]);
}

#[test]
fn a_cut_in_vain_is_taken_back_for_one_decision() {
    let mut algorithm = settled(40);
    let cut = algorithm.on_window(full(40, 55.0));
    assert_eq!(cut, 22);
    assert_eq!(algorithm.on_window(full(cut, 55.0)), 40);
    let next = algorithm.on_window(full(40, 55.0));
    assert!(next > 35, "{next}: latency was natural");
    assert!((algorithm.natural.ratio(0.055) - 1.2).abs() < 0.2);

    let mut algorithm = settled(40);
    let cut = algorithm.on_window(full(40, 55.0));
    algorithm.on_window(full(cut, 55.0));
    let next = algorithm.on_window(full(40, 110.0));
    assert!(next < 30, "{next}: the service became slower, and calls wait");
}

#[test]
fn a_cut_that_lowers_latency_goes_on() {
    let mut algorithm = settled(40);
    let cut = algorithm.on_window(full(40, 50.0));
    assert!(algorithm.on_window(full(cut, 50.0 * cut as f64 / 40.0)) < cut);
}

#[test]
fn an_imprecise_window_is_merged_with_the_next() {
    let mut algorithm = settled(20);
    for _ in 0..9 {
        assert_eq!(algorithm.on_window(Window { samples: 2, ..full(20, 15.0) }), 20);
    }
    assert_ne!(algorithm.on_window(Window { samples: 2, ..full(20, 15.0) }), 20, "the tenth");
    let mut algorithm = settled(20);
    assert_ne!(algorithm.on_window(Window { samples: 12, ..full(20, 100.0) }), 20, "a clear case");
}

#[test]
fn growth_without_rejections_needs_low_latency_and_half_of_the_limit() {
    let unused = |in_flight, milliseconds| Window {
        in_flight_max: in_flight,
        limit: 40,
        minimum: 4,
        maximum: 1_000,
        ..window(milliseconds, 1_000)
    };
    assert_eq!(settled(40).on_window(unused(20, 12.9)), 44);
    assert_eq!(settled(40).on_window(unused(20, 13.5)), 40);
    let algorithm = &mut Gradient::default();
    assert_eq!(algorithm.on_window(unused(19, 10.0)), 40);
    assert_eq!(
        algorithm.on_window(Window { in_flight_mean: 19.9, is_full: true, ..unused(40, 10.0) }),
        44
    );
}
