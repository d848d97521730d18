//! Tests of the load: what each caller counts against servers that lose requests in known ways, and the open loop.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod open_loop;
mod perfect;
mod raw;

use std::time::Duration;

use battlement_testkit::load::{RunningLoad, Tally};
use tokio::time::{Instant, sleep};

/// Longer than anything takes that is waited for, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(20);
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Waits until the tally meets the condition.
async fn tally_with(load: &RunningLoad, condition: impl Fn(&Tally) -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition(&load.tally()) {
        assert!(Instant::now() < deadline, "{:?}", load.tally());
        sleep(POLL_INTERVAL).await;
    }
}
