//! Readings of metrics, and the handlers that several tests share.

use std::{future::pending, time::Duration};

use battlement::metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::eventually;

/// The maximum wait for a layer to record a request.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Waits until `count` requests have ended and none is in flight.
#[track_caller]
pub(crate) fn settled(metrics: &HttpMetrics, count: u64) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let is_settled = || (metrics.ended(), metrics.active()) == (count, 0);
        let settled = eventually(PATIENCE, is_settled).await;
        let (ended, active) = (metrics.ended(), metrics.active());
        assert!(settled, "{caller}: {ended} ended, {active} active");
    }
}

/// Returns the labels and the count of each duration that was recorded.
pub(crate) fn recorded(metrics: &HttpMetrics) -> Vec<(String, u64)> {
    let page = Exposition::new().metrics(metrics).render(Format::Text);
    let sample = |line: &str| {
        let (series, count) = line.rsplit_once(' ')?;
        let (name, labels) = series.split_once('{')?;
        let count = count.parse().ok().filter(|count| *count > 0)?;
        name.ends_with("_duration_seconds_count").then(|| (labels.to_owned(), count))
    };
    page.lines().filter_map(sample).collect()
}

/// Returns the number of requests that were recorded with this `error_type`.
pub(crate) fn of_type(metrics: &HttpMetrics, error_type: &str) -> u64 {
    let label = format!("error_type=\"{error_type}\"");
    let recorded = recorded(metrics).into_iter();
    recorded.filter(|(labels, _)| labels.contains(&label)).map(|(_, count)| count).sum()
}

/// Asserts that a single request was recorded, and that it has timed out.
#[track_caller]
pub(crate) fn assert_one_timeout(metrics: &HttpMetrics, what: &str) {
    let recorded = recorded(metrics);
    let [(labels, 1)] = recorded.as_slice() else { panic!("{what}: {recorded:?}") };
    assert!(labels.contains(r#"error_type="timeout""#), "{what}: {labels}");
}

/// Waits forever, as a service that hangs.
pub(crate) async fn hang() -> &'static str {
    pending().await
}
