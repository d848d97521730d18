mod measures;

use std::time::Duration;

use super::{Gradient, natural::Natural, point::Point};
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

// Nine tenths of 5 are rounded to 5.
#[test]
fn drops_lower_a_small_limit_by_at_least_one() {
    let window = Window { dropped: 1_000, ..full(5, 10.0) };
    assert_eq!(Gradient::default().on_window(window), 4);
}

#[test]
fn a_probe_at_the_minimum_goes_up() {
    let mut algorithm = settled(4);
    for _ in 0..2 {
        assert_eq!(algorithm.on_window(full(4, 13.0)), 4);
    }
    assert_eq!(algorithm.on_window(full(4, 13.0)), 6);
    assert_eq!(algorithm.clone().on_window(full(6, 19.5)), 4);
    assert_eq!(algorithm.on_window(full(6, 10.0)), 6, "calls did not wait");
}

#[test]
fn a_probe_may_be_the_minimum() {
    let mut algorithm = settled(6);
    let limits: Vec<_> = (0..3).map(|_| algorithm.on_window(full(6, 13.0))).collect();
    assert_eq!(limits, [6, 6, 4]);
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

#[test]
fn a_peak_of_slow_calls_is_no_need() {
    let unused = |in_flight, milliseconds| Window {
        in_flight_max: in_flight,
        limit: 40,
        minimum: 4,
        maximum: 1_000,
        ..window(milliseconds, 1_000)
    };
    let mut algorithm = Gradient::default();
    for (in_flight, milliseconds) in [(19, 10.0), (39, 50.0), (5, 10.0)] {
        assert_eq!(algorithm.on_window(unused(in_flight, milliseconds)), 40, "{in_flight}");
    }
}

#[test]
fn a_probe_waits_for_precision() {
    let mut algorithm = settled(20);
    for limit in [20, 20, 14] {
        assert_eq!(algorithm.on_window(full(20, 13.0)), limit);
    }
    assert_eq!(algorithm.on_window(Window { samples: 12, ..full(14, 40.0) }), 14);
}

#[test]
fn a_goal_does_not_leave_the_bounds() {
    let mut algorithm = settled(20);
    for _ in 0..3 {
        assert_eq!(algorithm.on_window(Window { maximum: 20, ..full(20, 10.0) }), 20);
    }
    algorithm.proofs = 0;
    assert_eq!(algorithm.on_window(Window { maximum: 20, ..full(20, 26.0) }), 14);
}

#[test]
fn a_climb_raises_the_natural_latency() {
    let mut algorithm = Gradient::default();
    algorithm.on_window(full(20, 10.0));
    algorithm.on_window(full(40, 12.0));
    assert_is(&algorithm.natural, 10.85);
}

#[test]
fn a_limit_of_one_is_probed_by_two() {
    let mut algorithm = Gradient::default();
    let window = |milliseconds| Window { minimum: 1, ..full(1, milliseconds) };
    algorithm.on_window(Window { in_flight_max: 0, is_full: false, ..window(10.0) });
    let limits: Vec<_> = (0..4).map(|_| algorithm.on_window(window(13.0))).collect();
    assert_eq!(limits, [1, 1, 1, 2]);
}
