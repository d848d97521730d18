use std::time::Duration;

use crate::{Aimd, Algorithm, Window};

fn window(limit: usize) -> Window {
    Window {
        samples: 100,
        latency: Duration::from_millis(10),
        in_flight_max: limit,
        limit,
        ..Window::default()
    }
}

#[test]
fn a_limit_in_use_grows_by_one() {
    assert_eq!(Aimd::new().on_window(window(20)), 21);
}

#[test]
fn one_dropped_call_lowers_the_limit_by_a_tenth() {
    assert_eq!(Aimd::new().on_window(Window { dropped: 1, ..window(20) }), 18);
}

#[test]
fn latency_lowers_the_limit_only_above_a_threshold() {
    let window = Window { latency: Duration::from_secs(9), ..window(20) };
    assert_eq!(Aimd::new().on_window(window), 21);
    let threshold = |seconds| Aimd::new().latency_threshold(Duration::from_secs(seconds));
    assert_eq!(threshold(9).on_window(window), 21);
    assert_eq!(threshold(8).on_window(window), 18);
}
