/// The type of a metric, in OpenMetrics' terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    /// A counter whose samples do not end with `_total`, which the text format allows. OpenMetrics has no such
    /// counter, and the name must be the same in both formats.
    BareCounter,
    Gauge,
    Histogram,
    GaugeHistogram,
    Summary,
    Info,
    StateSet,
    #[default]
    Unknown,
}

impl Kind {
    /// Parses the word after `# TYPE`. Any other word is an unknown type.
    pub(super) fn parse(word: &str) -> Self {
        match &*word.to_ascii_lowercase() {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "gaugehistogram" => Self::GaugeHistogram,
            "summary" => Self::Summary,
            "info" => Self::Info,
            "stateset" => Self::StateSet,
            _ => Self::Unknown,
        }
    }

    /// Returns the suffixes that its sample names append to the name of the metric.
    pub(crate) const fn suffixes(self) -> &'static [&'static str] {
        match self {
            // The text format declares a counter by the name of its samples.
            Self::Counter => &["", "_total", "_created"],
            Self::Histogram => &["_bucket", "_sum", "_count", "_created"],
            Self::GaugeHistogram => &["_bucket", "_gsum", "_gcount"],
            Self::Summary => &["", "_sum", "_count", "_created"],
            Self::Info => &["_info"],
            Self::BareCounter | Self::Gauge | Self::StateSet | Self::Unknown => &[""],
        }
    }

    /// Returns the same suffixes and the name of the metric itself, which no other metric may use either.
    pub(super) const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
            Self::GaugeHistogram => &["", "_bucket", "_gsum", "_gcount"],
            Self::Info => &["", "_info"],
            _ => self.suffixes(),
        }
    }

    /// Returns whether the metric may have a unit.
    pub(super) const fn has_unit(self) -> bool {
        !matches!(self, Self::Info | Self::StateSet)
    }

    pub(super) const fn open_metrics(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::GaugeHistogram => "gaugehistogram",
            Self::Summary => "summary",
            Self::Info => "info",
            Self::StateSet => "stateset",
            Self::BareCounter | Self::Unknown => "unknown",
        }
    }

    /// Returns the type in the text format, and the suffix of the metric's name there.
    pub(super) const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::Counter => ("_total", "counter"),
            Self::BareCounter => ("", "counter"),
            Self::Gauge | Self::StateSet => ("", "gauge"),
            Self::Info => ("_info", "gauge"),
            Self::Histogram => ("", "histogram"),
            Self::Summary => ("", "summary"),
            Self::GaugeHistogram | Self::Unknown => ("", "untyped"),
        }
    }
}
