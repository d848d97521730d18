//! Metrics of concurrency limits: the limit, the calls in flight and in the queue, rejections, and changes of the limit.

mod counts;
mod queue_time;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use battlement_concurrency_limit::{Handle, Snapshot};

use self::counts::Counts;
pub use self::counts::LimiterCounts;
use crate::{
    Exposition,
    family::{Families, Family, Kind, Labels, Value},
};

/// Metrics of concurrency limits, by name. Clones share the same counts; one value is enough for all limits of a service.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_concurrency_limit_limit`: calls that may be in flight at once, read at each scrape | `limiter` |
/// | `battlement_concurrency_limit_in_flight`: calls in flight, to the end of their bodies, read at each scrape | `limiter`, `class` |
/// | `battlement_concurrency_limit_queued`: calls in the queue, read at each scrape | `limiter`, `class` |
/// | `battlement_concurrency_limit_rejections_total`: calls that were rejected | `limiter`, `reason` ([`Reason`](battlement_concurrency_limit::Reason), such as `full`), `class` |
/// | `battlement_concurrency_limit_queue_seconds`: time in the queue of calls that were admitted from it | `limiter`, `class` |
/// | `battlement_concurrency_limit_changes_total`: changes of the limit | `limiter`, `cause` ([`LimitCause`](battlement_concurrency_limit::LimitCause), such as `latency`) |
///
/// Requests do not write the gauges: a scrape reads them from the handles given to [`watch`](Self::watch). The class of a
/// layer without classes is `default`. Every count is at 0 from `pair()` on, because `rate()` does not count the first
/// rejection of a series that begins with it. Series beyond the first thousand of a counter, and beyond the first 256 of the
/// queue times, share one with `otel_metric_overflow="true"`, and `battlement_metrics_overflow_total` counts their events.
///
/// # Example
///
/// ```
/// use battlement_concurrency_limit::ConcurrencyLimitLayer;
/// use battlement_metrics::{Exposition, Format, concurrency_limit::ConcurrencyLimitMetrics};
///
/// let limits = ConcurrencyLimitMetrics::new();
/// let layer = ConcurrencyLimitLayer::fixed(256).observe(limits.limiter("shop"));
/// let (layer, handle) = layer.pair();
/// limits.watch("shop", &handle);
/// let page = Exposition::new().concurrency_limit(&limits).render(Format::Text);
/// assert!(page.contains(r#"battlement_concurrency_limit_limit{limiter="shop"} 256"#));
/// assert!(page.contains(r#"rejections_total{limiter="shop",reason="full",class="default"} 0"#));
/// # drop(layer);
/// ```
#[derive(Clone)]
pub struct ConcurrencyLimitMetrics(Arc<Inner>);

struct Inner {
    /// Apart from the handles: a layer owns its observer, and a handle owns the state of its layer.
    counts: Arc<Counts>,
    watched: Mutex<Vec<Watched>>,
}

#[derive(Clone)]
struct Watched {
    limiter: Box<str>,
    handle: Handle,
}

const LIMIT: &str = "Calls that may be in flight at once.";
const IN_FLIGHT: &str = "Calls in flight, to the end of their bodies.";
const QUEUED: &str = "Calls in the queue.";

impl ConcurrencyLimitMetrics {
    /// Creates metrics without limits.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner { counts: Arc::new(Counts::new()), watched: Mutex::default() }))
    }

    /// Returns an observer of the limit `name`, for `ConcurrencyLimitLayer::observe`. The same name has the same series;
    /// layers with different classes need an observer each.
    #[must_use]
    pub fn limiter(&self, name: &str) -> LimiterCounts {
        LimiterCounts::new(name, Arc::clone(&self.0.counts))
    }

    /// Shows the limit `name`, and its calls in flight and in the queue, as `handle` reads them at each scrape. The values
    /// of several handles with the same name are added up.
    pub fn watch(&self, name: &str, handle: &Handle) {
        let mut watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.push(Watched { limiter: name.into(), handle: handle.clone() });
    }

    fn gather(&self, page: &mut Families) {
        let watched = self.0.watched.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let gauge = |name, help| Family::new(name, Kind::Gauge, help);
        let mut gauges = Gauges {
            limit: gauge("battlement_concurrency_limit_limit", LIMIT),
            in_flight: gauge("battlement_concurrency_limit_in_flight", IN_FLIGHT),
            queued: gauge("battlement_concurrency_limit_queued", QUEUED),
        };
        for Watched { limiter, handle } in watched {
            gauges.add(&limiter, &handle.snapshot());
        }
        for family in [gauges.limit, gauges.in_flight, gauges.queued] {
            page.add(family);
        }
        self.0.counts.gather(page);
    }
}

/// The values that a scrape reads.
struct Gauges {
    limit: Family,
    in_flight: Family,
    queued: Family,
}

impl Gauges {
    fn add(&mut self, limiter: &str, now: &Snapshot) {
        let labels: Labels = vec![("limiter".into(), limiter.to_owned())];
        self.limit.add(labels.clone(), number(now.limit));
        for class in &now.classes {
            let mut labels = labels.clone();
            labels.push(("class".into(), class.name.clone().into_owned()));
            self.in_flight.add(labels.clone(), number(class.in_flight));
            self.queued.add(labels, number(class.queued));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
const fn number(number: usize) -> Value {
    Value::Number(number as f64)
}

impl Default for ConcurrencyLimitMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ConcurrencyLimitMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConcurrencyLimitMetrics").finish_non_exhaustive()
    }
}

impl Exposition {
    /// Shows the metrics of concurrency limits.
    #[must_use]
    pub fn concurrency_limit(self, metrics: &ConcurrencyLimitMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("concurrency limits", id, move |page| metrics.gather(page))
    }
}
