use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
};

use crate::histogram::Snapshot;

/// Label names and values, in the order in which they are written.
pub(crate) type Labels = Vec<(Cow<'static, str>, String)>;

/// A metric with its current samples, independent of the format.
#[derive(Debug)]
pub(crate) struct Family {
    /// The name; of a counter, without `_total`.
    pub(crate) name: Cow<'static, str>,
    pub(crate) help: Cow<'static, str>,
    pub(crate) kind: Kind,
    pub(crate) samples: BTreeMap<Labels, Value>,
    /// The notation of a histogram's bounds.
    pub(crate) bounds: Bounds,
}

/// The notation of bucket bounds. A bound is a label, so it is the same in both formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// Always with a fraction, `10.0`, as OpenMetrics prefers.
    #[default]
    Decimal,
    /// Shortest form, `10`, as most libraries write the text format.
    Shortest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Number(f64),
    Histogram(Box<Buckets>),
}

/// A histogram in the unit of the page.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    pub(crate) snapshot: Snapshot,
    pub(crate) bounds: Vec<f64>,
    /// The number of recorded units per unit of the page.
    pub(crate) scale: f64,
}

impl Family {
    pub(crate) fn new(
        name: impl Into<Cow<'static, str>>,
        kind: Kind,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (samples, bounds) = (BTreeMap::new(), Bounds::default());
        Self { name: name.into(), help: help.into(), kind, samples, bounds }
    }

    /// Creates a metric with one value and no labels.
    pub(crate) fn single(name: &'static str, kind: Kind, help: &'static str, value: f64) -> Self {
        let mut family = Self::new(name, kind, help);
        family.add(Labels::new(), Value::Number(value));
        family
    }

    /// Returns the labels of the overflow series.
    pub(crate) fn overflow_labels() -> Labels {
        vec![("otel_metric_overflow".into(), "true".into())]
    }

    /// Returns the unit if the name ends with a known one.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        ["seconds", "bytes"]
            .into_iter()
            .find(|unit| self.name.strip_suffix(unit).is_some_and(|before| before.ends_with('_')))
    }

    /// Adds `value`, and sums it with an existing value of the same labels.
    pub(crate) fn add(&mut self, labels: Labels, value: Value) {
        match self.samples.entry(labels) {
            Entry::Vacant(entry) => drop(entry.insert(value)),
            Entry::Occupied(mut entry) => entry.get_mut().merge(value),
        }
    }

    fn fits(&self, other: &Self) -> bool {
        let bounds = |family: &Self| match family.samples.values().next() {
            Some(Value::Histogram(buckets)) => Some(buckets.bounds.clone()),
            _ => None,
        };
        let is_empty = self.samples.is_empty() || other.samples.is_empty();
        let has_bounds = || bounds(self) == bounds(other) && self.bounds == other.bounds;
        self.kind == other.kind && (is_empty || has_bounds())
    }
}

impl Kind {
    /// Returns the suffixes of the sample names that this kind occupies, including the metric's own name.
    const fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Counter => &["", "_total", "_created"],
            Self::Gauge => &[""],
            Self::Histogram => &["", "_bucket", "_sum", "_count", "_created"],
        }
    }
}

impl Value {
    fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Number(mine), Self::Number(theirs)) => *mine += theirs,
            (Self::Histogram(mine), Self::Histogram(theirs)) => {
                mine.snapshot.merge(theirs.snapshot);
            }
            _ => {}
        }
    }
}

/// All metrics of a page, with unique names.
#[derive(Debug, Default)]
pub(crate) struct Families {
    pub(crate) list: Vec<Family>,
    places: HashMap<Cow<'static, str>, usize>,
    /// The names of all samples; no other family may use them.
    samples: HashSet<String>,
    pub(crate) left_out: LeftOut,
}

/// The metrics that are left out of a page, by name.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// Metrics whose name another metric uses.
    pub(crate) clashes: Vec<String>,
    /// Malformed metrics, samples and lines, with the reason.
    pub(crate) invalid: Vec<(String, &'static str)>,
    /// Values whose closures panicked.
    pub(crate) panics: Vec<&'static str>,
}

impl Families {
    /// Adds `family`, merged with the family of the same name if both are the same metric; otherwise leaves it out.
    pub(crate) fn add(&mut self, family: Family) {
        let Some(place) = self.places.get(&family.name) else {
            if self.claim(&family.name, family.kind.suffixes()) {
                self.places.insert(family.name.clone(), self.list.len());
                self.list.push(family);
            }
            return;
        };
        let there = &mut self.list[*place];
        if !there.fits(&family) {
            self.left_out.clashes.push(family.name.into_owned());
            return;
        }
        for (labels, value) in family.samples {
            there.add(labels, value);
        }
    }

    /// Adds `family` without merging it with the values of another source; leaves it out if its name is in use.
    pub(crate) fn add_own(&mut self, family: Family) {
        match self.places.contains_key(&family.name) {
            true => self.left_out.clashes.push(family.name.into_owned()),
            false => self.add(family),
        }
    }

    /// Leaves out a malformed metric, sample or line.
    pub(crate) fn invalid(&mut self, name: impl Into<String>, reason: &'static str) {
        self.left_out.invalid.push((name.into(), reason));
    }

    /// Leaves out a value whose closure panicked.
    pub(crate) fn panicked(&mut self, name: &'static str) {
        self.left_out.panics.push(name);
    }

    /// Adds the number of observations that `metric` recorded in its overflow series.
    pub(crate) fn add_overflow(&mut self, metric: impl Into<Cow<'static, str>>, count: f64) {
        let help = "Observations recorded in an overflow series because a limit was reached.";
        let mut family = Family::new("battlement_metrics_overflow", Kind::Counter, help);
        family.add(vec![("metric".into(), metric.into().into_owned())], Value::Number(count));
        self.add(family);
    }

    /// Reserves the sample names of a metric if all of them are unused; otherwise leaves the metric out.
    pub(crate) fn claim(&mut self, name: &str, suffixes: &[&str]) -> bool {
        let names = || suffixes.iter().map(|suffix| format!("{name}{suffix}"));
        if names().any(|sample| self.samples.contains(&sample)) {
            self.left_out.clashes.push(name.to_owned());
            return false;
        }
        self.samples.extend(names());
        true
    }
}
