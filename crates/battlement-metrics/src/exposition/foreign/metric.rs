use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    check,
    kind::Kind,
    line::{self, Exemplar, Line},
    number::{Clock, Number},
};
use crate::family::Labels;

/// Invalid metrics, samples and lines, with the reason.
pub(super) type Invalid = Vec<(String, &'static str)>;

/// A metric as declared by its page, with its samples in order.
#[derive(Debug, Default)]
pub(super) struct Declared {
    name: String,
    kind: Option<Kind>,
    help: Option<String>,
    unit: Option<String>,
    samples: Vec<Sample>,
}

/// A metric that is valid in both formats.
#[derive(Debug, Default)]
pub(crate) struct Metric {
    /// The name in OpenMetrics.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    /// The samples by their labels, except for bucket bound, quantile and state.
    pub(crate) groups: BTreeMap<Labels, Vec<Sample>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// The part of the sample's name after the name of the metric.
    pub(crate) suffix: &'static str,
    pub(crate) labels: Labels,
    pub(crate) value: Number,
    /// In milliseconds.
    pub(crate) time: Option<i64>,
    pub(crate) exemplar: Option<Exemplar>,
}

/// Parses the metrics of a page in order.
pub(super) fn read(page: &str) -> (Vec<Declared>, Invalid) {
    let lines = || page.lines().map(|line| line.trim_end_matches('\r'));
    let end = lines().position(|line| line == "# EOF");
    let clock = if end.is_some() { Clock::Seconds } else { Clock::Millis };
    let mut read = Read::default();
    let mut samples = Vec::new();
    for (at, line) in lines().enumerate() {
        match line::parse(line, clock) {
            _ if Some(at) == end => {}
            Ok(Line::Nothing) => {}
            _ if end.is_some_and(|end| at > end) => {
                read.invalid
                    .push((format!("line {}", at + 1), "the line follows the end of the page"));
            }
            Ok(Line::Sample(sample)) => samples.push(sample),
            Ok(described) => read.describe(described),
            Err(reason) => read.invalid.push((format!("line {}", at + 1), reason)),
        }
    }
    // Samples are assigned after all declarations, since the text format prescribes no order.
    samples.into_iter().for_each(|sample| read.put(sample));
    (read.metrics, read.invalid)
}

#[derive(Debug, Default)]
struct Read {
    metrics: Vec<Declared>,
    places: HashMap<String, usize>,
    invalid: Invalid,
}

impl Read {
    /// Adds a description; the first of each kind applies.
    fn describe(&mut self, line: Line<'_>) {
        match line {
            Line::Help(name, help) => drop(self.declared(name).help.get_or_insert(help)),
            Line::Type(name, kind) => {
                self.declared(name).kind.get_or_insert(Kind::parse(kind));
            }
            Line::Unit(name, unit) => {
                self.declared(name).unit.get_or_insert_with(|| unit.to_owned());
            }
            Line::Nothing | Line::Sample(_) => {}
        }
    }

    fn declared(&mut self, name: &str) -> &mut Declared {
        let place = *self.places.entry(name.to_owned()).or_insert_with(|| {
            self.metrics.push(Declared { name: name.to_owned(), ..Declared::default() });
            self.metrics.len() - 1
        });
        &mut self.metrics[place]
    }

    /// Assigns a sample to its metric: the one declared with its name, the one declared with its name without a
    /// suffix, or one of an unknown type.
    fn put(&mut self, sample: line::Sample<'_>) {
        let line::Sample { name, labels, value, time, exemplar } = sample;
        let Some((metric, suffix)) = self.metric_of(name) else {
            self.invalid.push((name.to_owned(), "a metric of its type has no such sample"));
            return;
        };
        let sample = Sample { suffix, labels, value, time, exemplar };
        self.declared(&metric).samples.push(sample);
    }

    fn metric_of(&self, name: &str) -> Option<(String, &'static str)> {
        let kind = |name: &str| self.places.get(name).and_then(|place| self.metrics[*place].kind);
        let whole = kind(name).unwrap_or_default();
        if kind(name).is_some() && whole.suffixes().contains(&"") {
            return Some((name.to_owned(), ""));
        }
        let parts =
            SUFFIXES.iter().filter_map(|suffix| Some((name.strip_suffix(suffix)?, *suffix)));
        let of_part = { parts }.find(|(metric, suffix)| {
            kind(metric).is_some_and(|kind| kind.suffixes().contains(suffix))
        });
        let of_part = of_part.map(|(metric, suffix)| (metric.to_owned(), suffix));
        of_part.or_else(|| whole.suffixes().contains(&"").then(|| (name.to_owned(), "")))
    }
}

const SUFFIXES: [&str; 8] =
    ["_total", "_created", "_bucket", "_sum", "_count", "_gsum", "_gcount", "_info"];

impl Declared {
    /// Returns the metric in a form that is valid in both formats, and adds the samples left out to `invalid`.
    pub(super) fn checked(mut self, invalid: &mut Invalid) -> Metric {
        let (name, kind) = self.settled(invalid);
        let mut groups: BTreeMap<Labels, Vec<Sample>> = BTreeMap::new();
        let mut series = HashSet::new();
        for sample in self.samples {
            if !series.insert((sample.suffix, identity(&sample.labels))) {
                invalid.push((name.clone(), "a series is duplicate"));
                continue;
            }
            let group =
                sample.labels.iter().filter(|(label, _)| !is_special(&sample, label, kind, &name));
            groups.entry(group.cloned().collect()).or_default().push(sample);
        }
        check::info_times(kind, &mut groups);
        groups.retain(|_, group| {
            check::group(kind, &name, group, &mut |reason| invalid.push((name.clone(), reason)))
        });
        let unit = self.unit.filter(|unit| {
            let fits = kind.has_unit()
                && name.strip_suffix(&**unit).is_some_and(|rest| rest.ends_with('_'));
            if !fits && !unit.is_empty() {
                invalid.push((name.clone(), "the name does not end with the unit"));
            }
            fits
        });
        Metric { name, kind, help: self.help.unwrap_or_default(), unit, groups }
    }

    /// Returns the name and the type in OpenMetrics. The text format declares a counter by the name of its samples,
    /// which may or may not end with `_total`.
    fn settled(&mut self, invalid: &mut Invalid) -> (String, Kind) {
        let kind = self.kind.unwrap_or_default();
        let is_bare = |sample: &Sample| sample.suffix.is_empty();
        if kind != Kind::Counter || !self.samples.iter().any(is_bare) {
            return (self.name.clone(), kind);
        }
        let before = self.samples.len();
        if self.samples.iter().any(|sample| sample.suffix == "_total") {
            self.samples.retain(|sample| !is_bare(sample));
            invalid.extend(
                (self.samples.len()..before).map(|_| {
                    (self.name.clone(), "a sample of the counter does not end with _total")
                }),
            );
            return (self.name.clone(), kind);
        }
        self.samples.retain(is_bare);
        match self.name.strip_suffix("_total").filter(|name| !name.is_empty()) {
            Some(name) => {
                self.samples.iter_mut().for_each(|sample| sample.suffix = "_total");
                (name.to_owned(), Kind::Counter)
            }
            None => (self.name.clone(), Kind::BareCounter),
        }
    }
}

/// Returns the labels that identify a series; to Prometheus, an empty label is absent.
fn identity(labels: &Labels) -> Labels {
    labels.iter().filter(|(_, value)| !value.is_empty()).cloned().collect()
}

/// Returns whether `label` distinguishes the samples within a group.
fn is_special(sample: &Sample, label: &str, kind: Kind, name: &str) -> bool {
    match kind {
        Kind::Histogram | Kind::GaugeHistogram => sample.suffix == "_bucket" && label == "le",
        Kind::Summary => sample.suffix.is_empty() && label == "quantile",
        Kind::StateSet => label == name,
        _ => false,
    }
}

impl Metric {
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }
}
