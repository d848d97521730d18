//! The page, read as a test needs it.

use battlement_metrics::{Exposition, Format, HttpMetrics};

pub(crate) struct Page {
    pub(crate) text: String,
}

pub(crate) fn page(metrics: &HttpMetrics) -> Page {
    Page { text: Exposition::new().metrics(metrics).render(Format::Text) }
}

impl Page {
    /// What the histogram of these labels has counted.
    #[allow(dead_code, reason = "not every test that includes this file asks")]
    pub(crate) fn count(&self, (name, labels): (&str, &str)) -> Option<u64> {
        let start = format!("{name}_count{{{labels}}} ");
        self.text.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok())
    }

    /// The sum of all samples of that name.
    #[allow(dead_code, reason = "not every test that includes this file asks")]
    pub(crate) fn total(&self, name: &str) -> f64 {
        let of_name = |line: &&str| line.split(['{', ' ']).next() == Some(name);
        let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
        self.text.lines().filter(of_name).filter_map(value).sum()
    }
}
