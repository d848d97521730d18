use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use crate::family::{Families, Family, Kind, Value};

/// The maximum number of distinct messages that a page logs, each once. Metrics of the application are few.
const MOST: usize = 100;

/// The messages about left out metrics that are already logged.
#[derive(Debug, Default)]
pub(super) struct Logged(Mutex<HashSet<String>>);

impl Logged {
    /// Adds the number of left out metrics to `page`, and logs each that is not logged yet.
    pub(super) fn report(&self, page: &mut Families) {
        let left_out = std::mem::take(&mut page.left_out);
        for name in &left_out.clashes {
            self.warn(name, "name is already in use by another metric");
        }
        for (name, reason) in &left_out.invalid {
            self.warn(name, reason);
        }
        for name in left_out.panics.iter().filter(|name| self.is_new(name, "panic")) {
            tracing::error!(
                metric = name,
                "metric closure panicked; its value is left out of the metrics page"
            );
        }
        let help = "Metrics left out of this page because another metric uses their name.";
        let clashes = count(left_out.clashes.len());
        page.add(Family::single("battlement_metrics_clashes", Kind::Gauge, help, clashes));
        let help = "Metrics and samples left out of this page, by reason.";
        let mut others = Family::new("battlement_metrics_left_out", Kind::Gauge, help);
        for (reason, number) in
            [("invalid", left_out.invalid.len()), ("panic", left_out.panics.len())]
        {
            others.add(vec![("reason".into(), reason.into())], Value::Number(count(number)));
        }
        page.add(others);
    }

    fn warn(&self, metric: &str, reason: &str) {
        if self.is_new(metric, reason) {
            tracing::warn!(metric, reason, "metric is left out of the metrics page");
        }
    }

    fn is_new(&self, metric: &str, reason: &str) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.len() < MOST && logged.insert(format!("{metric}: {reason}"))
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
const fn count(count: usize) -> f64 {
    count as f64
}
