use std::time::Duration;

use battlement::metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::eventually;

const DEADLINE: Duration = Duration::from_secs(10);

/// Returns the sum of the samples of `metrics` whose line begins with `start`.
pub(crate) fn total(metrics: &HttpMetrics, start: &str) -> f64 {
    let page = Exposition::new().metrics(metrics).render(Format::Text);
    let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
    page.lines().filter(|line| line.starts_with(start)).filter_map(value).sum()
}

/// Waits until `count` requests have ended and none is in flight.
pub(crate) async fn settled(metrics: &HttpMetrics, count: u64, what: &str) {
    let is_settled = || (metrics.ended(), metrics.active()) == (count, 0);
    let settled = eventually(DEADLINE, is_settled).await;
    assert!(settled, "{what}: {} ended, {} active", metrics.ended(), metrics.active());
}

/// Waits until `count` requests are in flight.
pub(crate) async fn active(metrics: &HttpMetrics, count: i64) {
    assert!(eventually(DEADLINE, || metrics.active() == count).await, "{}", metrics.active());
}
