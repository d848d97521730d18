mod body;
pub(crate) mod foreign;
mod gauges;
mod left_out;
mod name;
mod negotiate;
mod service;
mod text;

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use http::HeaderMap;
use tokio::sync::Semaphore;

pub use self::{body::PageBody, service::ScrapeFuture};
use self::{foreign::Metric, gauges::Gauges, left_out::Logged};
use crate::{
    HttpMetrics,
    family::{Families, Family, Labels},
};

/// The number of pages that are rendered concurrently; further scrapes wait.
const AT_ONCE: usize = 2;

/// The format of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// Prometheus text format 0.0.4.
    Text,
}

impl Format {
    /// Returns the format to use for a scraper's `accept` header: the supported format of the highest quality, or the
    /// text format if the header names neither. Use this for pages that you [render](Exposition::render) yourself.
    #[must_use]
    pub fn accepted(headers: &HeaderMap) -> Self {
        negotiate::format(headers)
    }

    /// Returns the `content-type` of a page. Prometheus rejects OpenMetrics sent as `text/plain`.
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

/// The metrics page for Prometheus: a service that responds to GET and HEAD on any path.
///
/// Serve it on a separate port, or at least not publicly, since it exposes internals of the service. Pages are
/// rendered on tokio's blocking threads, at most two at a time, so that no request waits for a scrape.
///
/// Prometheus accepts every page, whatever the labels of the application and the pages of other libraries contain.
/// Metrics that cannot be shown are left out, counted by `battlement_metrics_left_out` and
/// `battlement_metrics_clashes`, and logged once with the reason.
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
    /// The registered sources that must be unique.
    registered: Arc<Vec<Arc<dyn Any + Send + Sync>>>,
    logged: Arc<Logged>,
    places: Arc<Semaphore>,
}

/// A source of metrics for a page.
#[derive(Clone)]
enum Source {
    /// Metrics of this crate, and their name in errors.
    Families(&'static str, Arc<dyn Fn(&mut Families) + Send + Sync>),
    Gauges(Gauges),
    /// A page of another library, or the reason why it is missing.
    Page(&'static str, Arc<dyn Fn() -> Result<String, &'static str> + Send + Sync>),
}

impl Default for Exposition {
    fn default() -> Self {
        Self::new()
    }
}

impl Exposition {
    /// Creates an empty page.
    #[must_use]
    pub fn new() -> Self {
        Self {
            sources: Arc::default(),
            registered: Arc::default(),
            logged: Arc::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Shows the counts of `metrics`. Several `HttpMetrics` are added up; the same one, or a clone of it, is shown
    /// once.
    #[must_use]
    pub fn metrics(self, metrics: &HttpMetrics) -> Self {
        let metrics = metrics.clone();
        self.once("HTTP metrics", metrics.id(), move |page| metrics.gather(page))
    }

    /// Shows a value that is read at each scrape, such as the connections of a database pool. Gauges with the same
    /// name and different labels are one metric, with the help text of the first.
    ///
    /// If the closure panics, its value is left out and the other values are shown; `battlement_metrics_left_out`
    /// counts the panic, and the name is logged once.
    ///
    /// # Panics
    ///
    /// Panics if the name, or the name of a label, is not valid in Prometheus, if a label is duplicate or reserved
    /// (`le`, `quantile`, `__…`), or if a gauge with the same labels, in any order, is already registered.
    #[must_use]
    pub fn gauge<const N: usize>(
        mut self,
        name: &'static str,
        help: &'static str,
        labels: [(&'static str, &str); N],
        value: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        let labels = owned(labels);
        let sources = Arc::make_mut(&mut self.sources);
        let of_name = sources.iter_mut().find_map(|source| source.gauges_of(name));
        if let Some(gauges) = of_name {
            gauges.add(labels, value);
            return self;
        }
        let mut gauges = Gauges::new(name, help);
        gauges.add(labels, value);
        sources.push(Source::Gauges(gauges));
        self
    }

    /// Returns whether a gauge with these labels is registered.
    pub(crate) fn has_gauge(&self, name: &str, labels: &Labels) -> bool {
        self.sources.iter().any(|source| match source {
            Source::Gauges(gauges) => gauges.name == name && gauges.has(labels),
            _ => false,
        })
    }

    /// Shows the metrics of a page that `page` returns, in OpenMetrics or in Prometheus text format 0.0.4. A page that
    /// ends with `# EOF` is OpenMetrics.
    ///
    /// The page is parsed, checked and written again in the requested format. Metrics whose name is already in use are
    /// left out and counted by `battlement_metrics_clashes`. Metrics and samples that are malformed, or that
    /// OpenMetrics does not allow, are left out and counted by `battlement_metrics_left_out`. Each is logged once with
    /// the reason. The creation time of a series (`_created`) is not shown in the text format.
    #[must_use]
    pub fn open_metrics(self, page: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.page("open_metrics", move || Ok(page()))
    }

    /// Renders the page. This may take some milliseconds per thousand series.
    #[must_use]
    pub fn render(&self, format: Format) -> String {
        let (families, foreign) = self.collect();
        let mut out = String::new();
        families.iter().for_each(|family| text::write_family(&mut out, format, family));
        foreign.iter().for_each(|metric| metric.write(&mut out, format));
        if format == Format::OpenMetrics {
            out.push_str("# EOF\n");
        }
        out
    }

    /// Returns all current metrics: those of this crate, then those of other libraries' pages.
    pub(crate) fn collect(&self) -> (Vec<Family>, Vec<Metric>) {
        let mut page = Families::default();
        for source in self.sources.iter() {
            source.gather(&mut page);
        }
        let foreign = self.sources.iter().flat_map(|source| source.read(&mut page)).collect();
        self.logged.report(&mut page);
        (page.list, foreign)
    }

    /// Adds metrics unless the same name and `id` are already registered.
    pub(crate) fn once<I: PartialEq + Send + Sync + 'static>(
        mut self,
        name: &'static str,
        id: I,
        gather: impl Fn(&mut Families) + Send + Sync + 'static,
    ) -> Self {
        let id = (name, id);
        if self.registered.iter().any(|known| known.downcast_ref() == Some(&id)) {
            return self;
        }
        Arc::make_mut(&mut self.registered).push(Arc::new(id));
        self.with(Source::Families(name, Arc::new(gather)))
    }

    /// Adds a page that may fail; `name` is its name in errors.
    pub(crate) fn page(
        self,
        name: &'static str,
        page: impl Fn() -> Result<String, &'static str> + Send + Sync + 'static,
    ) -> Self {
        self.with(Source::Page(name, Arc::new(page)))
    }

    /// Returns the number of sources.
    pub(crate) fn count(&self) -> usize {
        self.sources.len()
    }

    fn with(mut self, source: Source) -> Self {
        Arc::make_mut(&mut self.sources).push(source);
        self
    }
}

impl Source {
    fn gauges_of(&mut self, name: &str) -> Option<&mut Gauges> {
        match self {
            Self::Gauges(gauges) if gauges.name == name => Some(gauges),
            _ => None,
        }
    }

    /// Adds the metrics of this crate to `page`. If a source panics, the metrics it has already added are shown.
    fn gather(&self, page: &mut Families) {
        match self {
            Self::Families(name, gather) => {
                if catch_unwind(AssertUnwindSafe(|| gather(page))).is_err() {
                    page.panicked(name);
                }
            }
            Self::Gauges(gauges) => gauges.gather(page),
            Self::Page(..) => {}
        }
    }

    /// Returns the metrics of another library's page, except those whose name is in use.
    fn read(&self, page: &mut Families) -> Vec<Metric> {
        let Self::Page(name, read) = self else { return Vec::new() };
        match catch_unwind(AssertUnwindSafe(|| read())) {
            Err(_) => page.panicked(name),
            Ok(Err(reason)) => page.invalid(*name, reason),
            Ok(Ok(text)) => return foreign::read(&text, page),
        }
        Vec::new()
    }
}

impl fmt::Debug for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exposition").field("sources", &self.sources.len()).finish_non_exhaustive()
    }
}

/// Returns labels with owned values.
pub(crate) fn owned<const N: usize>(labels: [(&'static str, &str); N]) -> Labels {
    labels.map(|(label, value)| (Cow::Borrowed(label), value.to_owned())).into()
}
