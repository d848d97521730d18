mod body;
mod foreign;
mod negotiate;
mod service;
mod text;

use std::{borrow::Cow, fmt, sync::Arc};

use http::HeaderMap;
use tokio::sync::Semaphore;

pub use self::{body::PageBody, service::ScrapeFuture};
use crate::{
    HttpMetrics,
    family::{Families, Family, Kind, Labels, Value},
};

/// How many pages are made at once; the rest waits.
const AT_ONCE: usize = 2;

/// What a page is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// Prometheus' text format 0.0.4.
    Text,
}

impl Format {
    /// What a scraper asks for by `accept`: of the formats it accepts, the one of the highest quality; the
    /// older one if it names neither. For pages that you [render](Exposition::render) yourself.
    #[must_use]
    pub fn accepted(headers: &HeaderMap) -> Self {
        negotiate::format(headers)
    }

    /// The `content-type` of a page. (OpenMetrics as `text/plain` would be refused.)
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => {
                "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
            }
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The page that Prometheus reads: a service that answers GET and HEAD, whatever the path.
///
/// Put it on a port of its own, or at least where the public does not come: what it shows is yours. Pages
/// are made on tokio's threads for blocking work, at most two at a time, so that no request waits for one.
///
/// # Example
///
/// ```
/// use battlement_metrics::{Exposition, Format, HttpMetrics};
///
/// let metrics = HttpMetrics::new();
/// let pool = std::sync::Arc::new(());
/// let page = Exposition::new()
///     .metrics(&metrics)
///     .gauge("db_pool_connections", "Connections of the pool.", [("state", "idle")], move || {
///         std::sync::Arc::strong_count(&pool) as f64
///     });
/// assert!(page.render(Format::Text).contains("db_pool_connections{state=\"idle\"} 1"));
/// ```
#[derive(Clone)]
pub struct Exposition {
    sources: Arc<Vec<Source>>,
    places: Arc<Semaphore>,
}

/// Something that has metrics for a page.
#[derive(Clone)]
enum Source {
    /// Ours.
    Families(Arc<dyn Fn(&mut Families) + Send + Sync>),
    /// A whole page in OpenMetrics.
    Page(Arc<dyn Fn() -> String + Send + Sync>),
}

impl Default for Exposition {
    fn default() -> Self {
        Self::new()
    }
}

impl Exposition {
    /// A page with nothing on it.
    #[must_use]
    pub fn new() -> Self {
        Self { sources: Arc::default(), places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Shows what `metrics` has counted.
    #[must_use]
    pub fn metrics(self, metrics: &HttpMetrics) -> Self {
        let metrics = metrics.clone();
        self.families(move |page| metrics.gather(page))
    }

    /// Shows a value that is read at each scrape, as the connections of a database pool. Gauges of one name
    /// and different labels are one metric; the first help stands.
    ///
    /// # Panics
    ///
    /// If the name or that of a label is none that Prometheus reads.
    #[must_use]
    pub fn gauge<const N: usize>(
        self,
        name: &'static str,
        help: &'static str,
        labels: [(&'static str, &str); N],
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        let names = labels.iter().map(|(label, _)| *label).chain([name]);
        names.for_each(|name| assert!(is_name(name), "Exposition: gauge: no name: {name:?}"));
        let labels: Labels =
            labels.map(|(label, value)| (Cow::Borrowed(label), value.to_owned())).into();
        self.families(move |page| {
            let mut family = Family::new(name, Kind::Gauge, help);
            family.add(labels.clone(), Value::Number(value()));
            page.add(family);
        })
    }

    /// Shows the metrics of a page that `page` writes in OpenMetrics. Those whose name is taken are left
    /// out, and `battlement_metrics_clashes` tells how many.
    #[must_use]
    pub fn open_metrics(self, page: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.with(Source::Page(Arc::new(page)))
    }

    /// The page as it is now. This may take some milliseconds per thousand series.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        let mut families = Families::default();
        for source in self.sources.iter() {
            if let Source::Families(gather) = source {
                gather(&mut families);
            }
        }
        let mut foreign = String::new();
        for source in self.sources.iter() {
            if let Source::Page(page) = source {
                let page = page();
                let metrics = foreign::read(&page);
                let fresh =
                    metrics.iter().filter(|metric| families.claim(metric.name, metric.suffixes()));
                fresh.for_each(|metric| metric.write(&mut foreign, format));
            }
        }
        families.add(clashes(families.clashes));
        let mut out = String::new();
        families.list.iter().for_each(|family| text::write_family(&mut out, format, family));
        out.push_str(&foreign);
        if format == Format::OpenMetrics {
            out.push_str("# EOF\n");
        }
        out
    }

    pub(crate) fn families(self, gather: impl Fn(&mut Families) + Send + Sync + 'static) -> Self {
        self.with(Source::Families(Arc::new(gather)))
    }

    fn with(mut self, source: Source) -> Self {
        Arc::make_mut(&mut self.sources).push(source);
        self
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

#[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
fn clashes(count: usize) -> Family {
    let help = "Metrics that are not on this page since others have their names.";
    Family::single("battlement_metrics_clashes", Kind::Gauge, help, count as f64)
}

fn is_name(name: &str) -> bool {
    let is_start = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    name.bytes().next().is_some_and(is_start)
        && name.bytes().all(|byte| is_start(byte) || byte.is_ascii_digit())
}
