use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
};

use crate::histogram::Snapshot;

/// Names and values, as they are written, in their order.
pub(crate) type Labels = Vec<(Cow<'static, str>, String)>;

/// What one metric says at this moment, whatever it will be written as.
#[derive(Debug)]
pub(crate) struct Family {
    /// Of a counter, without `_total`.
    pub(crate) name: Cow<'static, str>,
    pub(crate) help: Cow<'static, str>,
    pub(crate) kind: Kind,
    pub(crate) samples: BTreeMap<Labels, Value>,
    /// Of a histogram.
    pub(crate) bounds: Bounds,
}

/// How the bounds of buckets are written. A bound is a label, so it is the same in both formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// With a fraction always, `10.0`, as OpenMetrics prefers.
    #[default]
    Decimal,
    /// `10`, as most libraries write the older format.
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

/// A histogram in the unit it is written in.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    pub(crate) snapshot: Snapshot,
    pub(crate) bounds: Vec<f64>,
    /// How many of the recorded unit make one of the written.
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

    /// A metric with one value and no labels.
    pub(crate) fn single(name: &'static str, kind: Kind, help: &'static str, value: f64) -> Self {
        let mut family = Self::new(name, kind, help);
        family.add(Labels::new(), Value::Number(value));
        family
    }

    /// The labels of the one series for all that there is no room for.
    pub(crate) fn overflow_labels() -> Labels {
        vec![("otel_metric_overflow".into(), "true".into())]
    }

    /// The unit, where the name ends with one that we know.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        ["seconds", "bytes"]
            .into_iter()
            .find(|unit| self.name.strip_suffix(unit).is_some_and(|before| before.ends_with('_')))
    }

    /// Adds a value, to the one that is there already under the same labels.
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
    /// What the names of samples end with, the metric's own name among them: nobody else may have that
    /// either.
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

/// All that stands on one page, each name once.
#[derive(Debug, Default)]
pub(crate) struct Families {
    pub(crate) list: Vec<Family>,
    places: HashMap<Cow<'static, str>, usize>,
    /// The names of all samples, which no other family may have.
    samples: HashSet<String>,
    pub(crate) left_out: LeftOut,
}

/// What is not on a page, by its name.
#[derive(Debug, Default)]
pub(crate) struct LeftOut {
    /// Metrics whose name another metric has.
    pub(crate) clashes: Vec<String>,
    /// Metrics, samples and lines that cannot be read, and why.
    pub(crate) invalid: Vec<(String, &'static str)>,
    /// Values whose closures panicked.
    pub(crate) panics: Vec<&'static str>,
}

impl Families {
    /// Adds `family`, to the one of its name if both are the same metric; else it is left out.
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

    /// Adds `family`, whose values are not to be added to those of another source: it is left out if its name is
    /// taken.
    pub(crate) fn add_own(&mut self, family: Family) {
        match self.places.contains_key(&family.name) {
            true => self.left_out.clashes.push(family.name.into_owned()),
            false => self.add(family),
        }
    }

    /// Leaves out a metric, a sample or a line that cannot be read.
    pub(crate) fn invalid(&mut self, name: impl Into<String>, reason: &'static str) {
        self.left_out.invalid.push((name.into(), reason));
    }

    /// Leaves out a value whose closure panicked.
    pub(crate) fn panicked(&mut self, name: &'static str) {
        self.left_out.panics.push(name);
    }

    /// Says how much of `metric` found no room for a series of its own.
    pub(crate) fn add_overflow(&mut self, metric: impl Into<Cow<'static, str>>, count: f64) {
        let help = "Observations that found no room for a series of their own.";
        let mut family = Family::new("battlement_metrics_overflow", Kind::Counter, help);
        family.add(vec![("metric".into(), metric.into().into_owned())], Value::Number(count));
        self.add(family);
    }

    /// Takes the names of the samples of a metric if all of them are free, else leaves it out.
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
