//! The page, read as a test needs it.

use battlement_metrics::{Exposition, Format, HttpMetrics};
use battlement_testkit::prometheus::{OpenMetrics, Promtool};

pub(crate) struct Page {
    pub(crate) text: String,
}

#[allow(dead_code, reason = "not every test that includes this file asks")]
pub(crate) fn page(metrics: &HttpMetrics) -> Page {
    Page { text: Exposition::new().metrics(metrics).render(Format::Text) }
}

/// Returns the page in both formats, the older one first, once their readers have accepted it: `promtool`, and the
/// strict parser of OpenMetrics.
#[allow(dead_code, reason = "not every test that includes this file asks")]
pub(crate) fn accepted(page: &Exposition) -> [String; 2] {
    let [text, open] = [Format::Text, Format::OpenMetrics].map(|format| page.render(format));
    let lint = Promtool::check(&text);
    assert!(lint.is_ok(), "{lint:?} in: {text}");
    let read = OpenMetrics::read(&[&open]);
    assert!(read[0].is_ok(), "{read:?}");
    [text, open]
}

impl Page {
    /// Returns the count of the histogram with these labels.
    #[allow(dead_code, reason = "not every test that includes this file asks")]
    pub(crate) fn count(&self, (name, labels): (&str, &str)) -> Option<u64> {
        let start = format!("{name}_count{{{labels}}} ");
        self.text.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok())
    }

    /// Returns the sum of all samples of that name.
    #[allow(dead_code, reason = "not every test that includes this file asks")]
    pub(crate) fn total(&self, name: &str) -> f64 {
        let of_name = |line: &&str| line.split(['{', ' ']).next() == Some(name);
        let value = |line: &str| line.rsplit(' ').next()?.parse::<f64>().ok();
        self.text.lines().filter(of_name).filter_map(value).sum()
    }
}
