//! The times of runs.

use std::time::Duration;

use battlement_health::Health;
use tokio::time::{Instant, sleep};

use crate::script::{SECOND, Script};

/// Returns the times between the runs of a check of its own registry.
async fn intervals() -> Vec<Duration> {
    let (script, start) = (Script::new(), Instant::now());
    let _health = Health::builder().check(script.check("redis")).build();
    script.wait(20).await;
    let starts = script.starts();
    assert_eq!(starts[0], start, "the first run is not delayed");
    starts.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn runs_of_two_instances_drift_apart_from_the_second_on() {
    let (one, other) = (intervals().await, intervals().await);
    for interval in one.iter().chain(&other) {
        let millis = interval.as_millis();
        assert!((9_000..=11_001).contains(&millis), "{interval:?}, with a tick of the timer");
    }
    assert_ne!(one, other);
    let spread = one.iter().max().unwrap().abs_diff(*one.iter().min().unwrap());
    assert!(spread > SECOND / 10, "{one:?}");
}

#[tokio::test(start_paused = true)]
async fn the_interval_can_be_set_for_all_checks_and_for_one() {
    let (often, seldom) = (Script::new(), Script::new());
    let _health = Health::builder()
        .interval(SECOND)
        .check(often.check("often"))
        .check(seldom.check("seldom").interval(60 * SECOND))
        .build();
    sleep(50 * SECOND).await;
    assert!((45..=56).contains(&often.runs()), "{}", often.runs());
    assert_eq!(seldom.runs(), 1);
}
