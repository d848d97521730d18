use std::time::Duration;

use super::gradient;
use crate::{Aimd, Algorithm, Window};

fn window(limit: usize, in_flight: usize, is_full: bool, milliseconds: u64) -> Window {
    Window {
        length: Duration::from_millis(100),
        samples: 100,
        dropped: 0,
        latency: Duration::from_millis(milliseconds),
        in_flight_mean: in_flight as f64,
        in_flight_max: in_flight,
        is_full,
        limit,
        minimum: 4,
        maximum: 1_000,
    }
}

#[test]
fn a_limit_grows_only_while_half_of_it_is_in_use() {
    for in_flight in 0..=100 {
        let limits = [
            gradient().on_window(window(100, in_flight, false, 10)),
            Aimd::new().on_window(window(100, in_flight, false, 10)),
        ];
        assert_eq!(limits.map(|limit| limit > 100), [in_flight >= 50; 2], "{in_flight} in flight");
    }
}

#[test]
fn a_limit_without_drops_stays_while_less_is_in_use() {
    let mut algorithm = gradient();
    for latency in [10, 12, 200, 3, 10] {
        assert_eq!(algorithm.on_window(window(40, 10, false, latency)), 40);
    }
}

#[test]
fn a_tenth_of_dropped_calls_is_tolerated_and_more_lower_the_limit() {
    for (dropped, limit) in [(0, 100), (10, 100), (11, 100), (12, 90), (100, 90)] {
        let window = Window { dropped, ..window(100, 10, false, 10) };
        assert_eq!(gradient().on_window(window), limit, "{dropped} dropped");
    }
    let tenth = Window { samples: 90, dropped: 10, ..window(100, 10, false, 10) };
    assert_eq!(gradient().on_window(tenth), 100);
    let window =
        Window { samples: 0, dropped: 10, latency: Duration::ZERO, ..window(100, 100, true, 0) };
    assert_eq!(gradient().on_window(window), 90);
}

#[test]
fn an_algorithm_goes_on_from_a_limit_that_was_set() {
    let mut algorithm = gradient();
    assert_eq!(algorithm.on_window(window(20, 20, false, 10)), 22);
    assert_eq!(algorithm.on_window(window(300, 160, false, 10)), 330);
    assert_eq!(
        algorithm.on_window(window(300, 160, false, 10)),
        330,
        "held: the limit did not change"
    );
}

#[test]
fn instant_answers_are_no_reason_to_panic() {
    let mut algorithm = gradient();
    let mut limit = 20;
    for _ in 0..20 {
        limit = algorithm.on_window(window(limit, limit, true, 0));
    }
    assert_eq!(limit, 1_000);
}
