//! Metrics of access logs: records by outcome, records that the writer dropped, and records that sampling left out.

use std::{fmt, sync::Arc};

use battlement_access_log::{ErrorType, Observe, Outcome};

use crate::{Exposition, family::Families, labelled::Labelled};

/// Metrics of access logs. Clones share the same counts; one value is enough for all layers of a service.
///
/// | metric | labels |
/// |---|---|
/// | `battlement_access_log_records_total`: records that were written or dropped | `outcome` ([`Outcome::word`]) |
/// | `battlement_access_log_dropped_total`: records and lines that were dropped, because the queue of the writer was full | |
/// | `battlement_access_log_sampled_out_total`: records that sampling left out | |
///
/// `battlement_access_log_dropped_total` has the lines of `Writer::lines` if these metrics
/// [observe](battlement_access_log::Lines::observe) them. Lines that the output of a writer did not take are counted by
/// `WriterHandle::dropped` alone.
///
/// Every series is at 0 from the start, except those of a status, such as `outcome="502"` or `outcome="UNAVAILABLE"`, which
/// begin with their first record.
///
/// # Example
///
/// ```
/// use battlement_access_log::AccessLogLayer;
/// use battlement_metrics::{Exposition, Format, access_log::AccessLogMetrics};
///
/// let records = AccessLogMetrics::new();
/// let layer = AccessLogLayer::new().observe(records.clone());
/// let page = Exposition::new().access_log(&records).render(Format::Text);
/// assert!(page.contains(r#"battlement_access_log_records_total{outcome="cancelled"} 0"#));
/// # drop(layer);
/// ```
#[derive(Clone)]
pub struct AccessLogMetrics(Arc<Inner>);

struct Inner {
    records: Labelled<1>,
    dropped: Labelled<0>,
    sampled_out: Labelled<0>,
}

const RECORDS: &str =
    "Records of requests, by outcome, including those that were dropped before they were written.";
const DROPPED: &str =
    "Records and lines that were dropped, because the queue of the writer was full.";
const SAMPLED_OUT: &str = "Records that sampling left out.";

impl AccessLogMetrics {
    /// Creates metrics with all counts at 0.
    #[must_use]
    pub fn new() -> Self {
        let records = Labelled::new("battlement_access_log_records", RECORDS, ["outcome"]);
        let succeeded = [Outcome::Ok, Outcome::ClientError].into_iter();
        let failed = ErrorType::ALL.into_iter().filter(|error| error.as_str().is_some());
        for outcome in succeeded.chain(failed.map(Outcome::Failed)) {
            records.add([outcome.word()], 0);
        }
        let dropped = Labelled::new("battlement_access_log_dropped", DROPPED, []);
        let sampled_out = Labelled::new("battlement_access_log_sampled_out", SAMPLED_OUT, []);
        dropped.add([], 0);
        sampled_out.add([], 0);
        Self(Arc::new(Inner { records, dropped, sampled_out }))
    }

    fn gather(&self, page: &mut Families) {
        self.0.records.gather(page);
        self.0.dropped.gather(page);
        self.0.sampled_out.gather(page);
    }
}

impl Default for AccessLogMetrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AccessLogMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLogMetrics").finish_non_exhaustive()
    }
}

impl Observe for AccessLogMetrics {
    fn recorded(&self, outcome: Outcome) {
        self.0.records.add([outcome.word()], 1);
    }

    fn sampled_out(&self) {
        self.0.sampled_out.add([], 1);
    }

    fn dropped(&self) {
        self.0.dropped.add([], 1);
    }
}

impl Exposition {
    /// Shows the metrics of access logs.
    #[must_use]
    pub fn access_log(self, metrics: &AccessLogMetrics) -> Self {
        let metrics = metrics.clone();
        let id = Arc::as_ptr(&metrics.0).addr();
        self.once("access logs", id, move |page| metrics.gather(page))
    }
}
