use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use crate::family::{Families, Family, Kind, Value};

/// The number of different messages that a page logs, each once: they name metrics of the application, which has few.
const MOST: usize = 100;

/// The parts of a page that were left out of it, and were logged.
#[derive(Debug, Default)]
pub(super) struct Logged(Mutex<HashSet<String>>);

impl Logged {
    /// Puts on `page` how much of it was left out, and logs what was not logged before.
    pub(super) fn report(&self, page: &mut Families) {
        let left_out = std::mem::take(&mut page.left_out);
        for name in &left_out.clashes {
            self.warn(name, "another metric has its name");
        }
        for (name, reason) in &left_out.invalid {
            self.warn(name, reason);
        }
        for name in left_out.panics.iter().filter(|name| self.is_new(name, "panic")) {
            tracing::error!(
                metric = name,
                "the closure that reads a metric panicked; its value is left out of the page"
            );
        }
        let help = "Metrics that are not on this page because another metric has their name.";
        let clashes = count(left_out.clashes.len());
        page.add(Family::single("battlement_metrics_clashes", Kind::Gauge, help, clashes));
        let help = "Metrics and samples that are not on this page, by the reason.";
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
            tracing::warn!(metric, reason, "left out of the metrics page");
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
