//! Metrics of timeouts: limits and deadlines that expired, and the time that requests have left when they arrive.

use std::{fmt, sync::Arc, time::Duration};

use battlement_timeout::{ElapsedKind, Observe};

use crate::{
    Exposition,
    family::{Buckets, Families, Family, Kind, Labels, Value},
    histogram::Histogram,
    labelled::Labelled,
    shard,
};

/// Metrics of timeouts and deadlines. Clones share the same counts; one value is enough for all layers of a service.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_timeout_expired_total`: calls and bodies that took too long | `kind` ([`ElapsedKind`], such as `call` and `deadline`) |
/// | `battlement_timeout_time_left_seconds`: time until the deadline when a request arrived | |
/// | `battlement_timeout_not_called_total`: requests and calls that were rejected because no time was left | |
///
/// Every series is at 0 from the start, because `rate()` does not count the first expiry of a series that begins with
/// it.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use battlement_metrics::{Exposition, Format, timeout::TimeoutMetrics};
/// use battlement_timeout::TimeoutLayer;
///
/// let timeouts = TimeoutMetrics::new();
/// let layer = TimeoutLayer::new(Duration::from_secs(2)).observe(timeouts.clone());
/// let page = Exposition::new().timeout(&timeouts).render(Format::Text);
/// assert!(page.contains(r#"battlement_timeout_expired_total{kind="call"} 0"#));
/// ```
#[derive(Clone)]
pub struct TimeoutMetrics(Arc<Inner>);

struct Inner {
    expired: Labelled<1>,
    not_called: Labelled<0>,
    left: Histogram,
}

const NANOS: f64 = 1e9;
const MS: u64 = 1_000_000;
/// Buckets from no time at all to the longest default deadline.
const LEFT: [u64; 13] = [
    0,
    5 * MS,
    25 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    1_000 * MS,
    2_500 * MS,
    5_000 * MS,
    10_000 * MS,
    20_000 * MS,
    30_000 * MS,
    60_000 * MS,
];

const EXPIRED: &str = "Calls and bodies that took too long, and were dropped or ended.";
const TIME_LEFT: &str = "Time until the deadline when a request arrived.";
const NOT_CALLED: &str = "Requests and calls that were rejected before the service was called, because no time was left.";

impl TimeoutMetrics {
    /// Creates metrics with all counts at 0.
    #[must_use]
    pub fn new() -> Self {
        let expired = Labelled::new("battlement_timeout_expired", EXPIRED, ["kind"]);
        // A call that was not made has a counter of its own.
        for kind in ElapsedKind::ALL.into_iter().filter(|kind| *kind != ElapsedKind::NoTimeLeft) {
            expired.add([kind.as_str()], 0);
        }
        let not_called = Labelled::new("battlement_timeout_not_called", NOT_CALLED, []);
        not_called.add([], 0);
        let left = Histogram::new(shard::default_count());
        Self(Arc::new(Inner { expired, not_called, left }))
    }

    fn gather(&self, page: &mut Families) {
        self.0.expired.gather(page);
        self.0.not_called.gather(page);
        let name = "battlement_timeout_time_left_seconds";
        let mut left = Family::new(name, Kind::Histogram, TIME_LEFT);
        #[expect(clippy::cast_precision_loss, reason = "bounds are far below 2^53 nanoseconds")]
        let bounds = LEFT.iter().map(|bound| *bound as f64 / NANOS).collect();
        let buckets = Buckets { snapshot: self.0.left.snapshot(), bounds, scale: NANOS };
        left.add(Labels::new(), Value::Histogram(Box::new(buckets)));
        page.add(left);
    }
}

impl Default for TimeoutMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TimeoutMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutMetrics").finish_non_exhaustive()
    }
}

impl Observe for TimeoutMetrics {
    fn expired(&self, kind: ElapsedKind) {
        self.0.expired.add([kind.as_str()], 1);
    }

    fn arrived(&self, left: Duration) {
        let nanos = left.as_nanos().try_into().unwrap_or(u64::MAX);
        self.0.left.record(shard::mine(), &LEFT, nanos);
    }

    fn not_called(&self) {
        self.0.not_called.add([], 1);
    }
}

impl Exposition {
    /// Shows the metrics of timeouts.
    #[must_use]
    pub fn timeout(self, metrics: &TimeoutMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("timeouts", id, move |page| metrics.gather(page))
    }
}
