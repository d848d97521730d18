use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use battlement_concurrency_limit::{LimitCause, LimitChange, Observe, Reason};

use super::queue_time::QueueTimes;
use crate::{family::Families, labelled::Labelled};

/// The observer of one concurrency limit, created by
/// [`ConcurrencyLimitMetrics::limiter`](super::ConcurrencyLimitMetrics::limiter).
///
/// If several layers have it, their counts are added up; they must have the same classes.
#[derive(Clone)]
pub struct LimiterCounts {
    name: Arc<str>,
    counts: Arc<Counts>,
    /// The names of the classes, set by the layer.
    classes: Arc<OnceLock<Box<[Cow<'static, str>]>>>,
}

/// The counts of all limits.
pub(super) struct Counts {
    rejections: Labelled<3>,
    changes: Labelled<2>,
    times: QueueTimes,
}

const REJECTIONS: &str = "Calls that were rejected, by reason.";
const CHANGES: &str = "Changes of the limit, by cause.";

impl LimiterCounts {
    pub(super) fn new(name: &str, counts: Arc<Counts>) -> Self {
        for cause in LimitCause::ALL {
            counts.changes.add([name, cause.as_str()], 0);
        }
        Self { name: name.into(), counts, classes: Arc::default() }
    }

    /// Returns the name of a class. The layer sets the names before its first call.
    fn class(&self, index: usize) -> &str {
        self.classes.get().and_then(|names| names.get(index)).map_or("", |name| name)
    }
}

impl Observe for LimiterCounts {
    fn classes(&self, names: &[Cow<'static, str>]) {
        for class in self.classes.get_or_init(|| names.into()) {
            for reason in Reason::ALL {
                self.counts.rejections.add([&self.name, reason.as_str(), class], 0);
            }
            self.counts.times.create(&self.name, class);
        }
    }

    fn rejected(&self, reason: Reason, class: usize) {
        self.counts.rejections.add([&self.name, reason.as_str(), self.class(class)], 1);
    }

    fn queued(&self, time: Duration, class: usize) {
        self.counts.times.record(&self.name, self.class(class), time);
    }

    fn limit_changed(&self, change: &LimitChange) {
        self.counts.changes.add([&self.name, change.cause.as_str()], 1);
    }
}

impl Counts {
    pub(super) fn new() -> Self {
        let labels = ["limiter", "reason", "class"];
        let rejections =
            Labelled::new("battlement_concurrency_limit_rejections", REJECTIONS, labels);
        let labels = ["limiter", "cause"];
        let changes = Labelled::new("battlement_concurrency_limit_changes", CHANGES, labels);
        Self { rejections, changes, times: QueueTimes::new() }
    }

    pub(super) fn gather(&self, page: &mut Families) {
        self.rejections.gather(page);
        self.times.gather(page);
        self.changes.gather(page);
    }
}

impl fmt::Debug for LimiterCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimiterCounts").field("limiter", &self.name).finish_non_exhaustive()
    }
}
