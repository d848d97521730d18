use std::{borrow::Cow, fmt, panic::AssertUnwindSafe, panic::catch_unwind, sync::Arc};

use super::name;
use crate::family::{Families, Family, Kind, Labels, Value};

/// The prefix of the page's own metrics.
const OWN: &str = "battlement_metrics_";

/// The gauges of one name: one metric with a series for each label set.
#[derive(Clone, Debug)]
pub(super) struct Gauges {
    pub(super) name: &'static str,
    help: &'static str,
    series: Vec<Series>,
}

#[derive(Clone)]
pub(super) struct Series {
    labels: Labels,
    value: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl Gauges {
    /// Creates a metric without series.
    ///
    /// # Panics
    ///
    /// Panics if the name is not valid in Prometheus.
    pub(super) fn new(name: &'static str, help: &'static str) -> Self {
        assert!(name::is_word(name), "Exposition: gauge {name:?} is not a valid metric name");
        assert!(
            !name.starts_with(OWN),
            "Exposition: gauge {name:?} is reserved for the metrics page itself"
        );
        Self { name, help, series: Vec::new() }
    }

    /// Adds a series.
    ///
    /// # Panics
    ///
    /// Panics if a label is invalid or the series already exists.
    pub(super) fn add(&mut self, labels: Labels, value: impl Fn() -> f64 + Send + Sync + 'static) {
        let (name, labels) = (self.name, self.checked(labels));
        let is_new = !self.has(&labels);
        assert!(is_new, "Exposition: gauge {name:?} with labels {labels:?} is already registered");
        self.series.push(Series { labels, value: Arc::new(value) });
    }

    /// Returns whether the series of `labels`, in any order, exists.
    pub(super) fn has(&self, labels: &Labels) -> bool {
        let identity = identity(labels);
        self.series.iter().any(|series| identity == self::identity(&series.labels))
    }

    /// Checks and sorts `labels`, so that their order is irrelevant.
    fn checked(&self, mut labels: Labels) -> Labels {
        let name = self.name;
        labels.sort();
        for (label, _) in &labels {
            if let Err(reason) = name::check_label(label) {
                panic!("Exposition: gauge {name:?}: label {label:?} {reason}");
            }
            let is_bound = matches!(&**label, "le" | "quantile");
            assert!(
                !is_bound,
                "Exposition: gauge {name:?}: label {label:?} is reserved for histograms and summaries"
            );
        }
        if let Some(pair) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            panic!("Exposition: gauge {name:?}: label {:?} is duplicate", pair[0].0);
        }
        labels
    }

    /// Reads all values. A value whose closure panics is left out.
    pub(super) fn gather(&self, page: &mut Families) {
        let mut family = Family::new(self.name, Kind::Gauge, self.help);
        for series in &self.series {
            match catch_unwind(AssertUnwindSafe(|| (series.value)())) {
                Ok(value) => family.add(series.labels.clone(), Value::Number(value)),
                Err(_) => page.panicked(self.name),
            }
        }
        page.add_own(family);
    }
}

/// Returns the labels that identify a series; to Prometheus, an empty label is absent.
fn identity(labels: &Labels) -> Vec<&(Cow<'static, str>, String)> {
    let mut labels: Vec<_> = labels.iter().filter(|(_, value)| !value.is_empty()).collect();
    labels.sort();
    labels
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series").field("labels", &self.labels).finish_non_exhaustive()
    }
}
