//! Metrics of a page in the encoder of prometheus-client.

use std::{borrow::Cow, fmt};

use prometheus_client::{
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet},
    metrics::MetricType,
    registry::Unit,
};

use crate::{
    exposition::foreign::{Kind as ForeignKind, Metric, Sample},
    family::{Buckets, Family, Kind, Labels, Value},
};

/// Encodes a metric of this crate.
pub(super) fn family(encoder: &mut DescriptorEncoder<'_>, family: &Family) -> fmt::Result {
    if family.samples.is_empty() {
        return Ok(());
    }
    let kind = match family.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    };
    let name = Name::new(&family.name, family.unit());
    let mut metric = name.describe(encoder, &family.help, kind)?;
    family.samples.iter().try_for_each(|(labels, value)| {
        series(&mut metric, labels, |metric| match (value, family.kind) {
            (Value::Number(number), Kind::Counter) => counter(metric, *number),
            (Value::Number(number), _) => metric.encode_gauge(number),
            (Value::Histogram(buckets), _) => histogram(metric, buckets),
        })
    })
}

fn histogram(metric: &mut MetricEncoder<'_>, buckets: &Buckets) -> fmt::Result {
    #[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
    let sum = buckets.snapshot.sum as f64 / buckets.scale;
    let bounds = buckets.bounds.iter().copied().chain([f64::INFINITY]);
    let counts: Vec<(f64, u64)> = bounds.zip(buckets.snapshot.buckets).collect();
    metric.encode_histogram::<NoLabelSet>(sum, buckets.snapshot.count(), &counts, None)
}

/// Encodes a metric of another library's page.
pub(super) fn foreign(encoder: &mut DescriptorEncoder<'_>, metric: &Metric) -> fmt::Result {
    let kind = match metric.kind {
        ForeignKind::Counter => MetricType::Counter,
        ForeignKind::Gauge | ForeignKind::StateSet => MetricType::Gauge,
        ForeignKind::Info => MetricType::Info,
        ForeignKind::Unknown | ForeignKind::BareCounter => MetricType::Unknown,
        ForeignKind::Histogram if metric.groups.values().all(|group| has(group, "_sum")) => {
            MetricType::Histogram
        }
        // prometheus-client has no such type.
        _ => return parts(encoder, metric),
    };
    let name = Name::new(&metric.name, metric.unit.as_deref());
    let mut encoder = name.describe(encoder, &metric.help, kind)?;
    if matches!(kind, MetricType::Histogram) {
        return metric.groups.iter().try_for_each(|(labels, group)| {
            series(&mut encoder, labels, |encoder| foreign_histogram(encoder, group))
        });
    }
    let samples = metric.groups.values().flatten().filter(|sample| sample.suffix != "_created");
    { samples }.try_for_each(|Sample { labels, value, .. }| match kind {
        MetricType::Info => encoder.encode_info(&*cleaned(labels)),
        MetricType::Counter => series(&mut encoder, labels, |metric| counter(metric, value.value)),
        _ => series(&mut encoder, labels, |metric| metric.encode_gauge(&value.value)),
    })
}

fn foreign_histogram(metric: &mut MetricEncoder<'_>, group: &[Sample]) -> fmt::Result {
    let value = |suffix| group.iter().find(|sample| sample.suffix == suffix).map(|one| &one.value);
    let sum = value("_sum").map_or(0.0, |sum| sum.value);
    let mut before = 0;
    // The buckets are in order, and each counts the ones before it as well.
    let buckets = group.iter().filter(|sample| sample.suffix == "_bucket").map(|sample| {
        let bound = sample.labels.iter().find(|(label, _)| label == "le");
        let bound = bound.and_then(|(_, bound)| bound.parse().ok()).unwrap_or(f64::INFINITY);
        let count = whole(sample.value.value);
        (bound, count - std::mem::replace(&mut before, count).min(count))
    });
    let buckets: Vec<(f64, u64)> = buckets.collect();
    let count = value("_count").map_or(before, |count| whole(count.value));
    metric.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
}

/// Encodes each suffix as a metric of an unknown type.
fn parts(encoder: &mut DescriptorEncoder<'_>, metric: &Metric) -> fmt::Result {
    for suffix in metric.kind.suffixes().iter().filter(|suffix| **suffix != "_created") {
        let group: Vec<&Sample> =
            metric.groups.values().flatten().filter(|sample| sample.suffix == *suffix).collect();
        if group.is_empty() {
            continue;
        }
        let name = Name { name: &format!("{}{suffix}", metric.name), unit: None };
        let mut encoder = name.describe(encoder, &metric.help, MetricType::Unknown)?;
        group.into_iter().try_for_each(|sample| {
            series(&mut encoder, &sample.labels, |one| one.encode_gauge(&sample.value.value))
        })?;
    }
    Ok(())
}

/// The name of a metric, without the unit that the encoder appends.
struct Name<'a> {
    name: &'a str,
    unit: Option<Unit>,
}

impl<'a> Name<'a> {
    fn new(name: &'a str, unit: Option<&str>) -> Self {
        let parts = unit.and_then(|unit| Some((name.strip_suffix(unit)?.strip_suffix('_')?, unit)));
        match parts {
            Some((name, unit)) => Self { name, unit: Some(Unit::Other(unit.to_owned())) },
            None => Self { name, unit: None },
        }
    }

    fn describe<'s>(
        &'s self,
        encoder: &'s mut DescriptorEncoder<'_>,
        help: &str,
        kind: MetricType,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        let Self { name, unit } = self;
        encoder.encode_descriptor(name, &escaped(help), unit.as_ref(), kind)
    }
}

fn series(
    metric: &mut MetricEncoder<'_>,
    labels: &Labels,
    encode: impl FnOnce(&mut MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    if labels.is_empty() {
        return encode(metric);
    }
    encode(&mut metric.encode_family(&*cleaned(labels))?)
}

fn counter(metric: &mut MetricEncoder<'_>, value: f64) -> fmt::Result {
    metric.encode_counter::<NoLabelSet, f64, f64>(&value, None)
}

fn has(group: &[Sample], suffix: &str) -> bool {
    group.iter().any(|sample| sample.suffix == suffix)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked by the page")]
const fn whole(count: f64) -> u64 {
    count as u64
}

/// Escapes a help text, which prometheus-client writes unchanged.
fn escaped(help: &str) -> String {
    help.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"").replace('\0', "\u{fffd}")
}

/// Replaces NUL, which Prometheus treats as the end of the page; prometheus-client escapes the rest.
fn cleaned(labels: &Labels) -> Cow<'_, Labels> {
    if labels.iter().all(|(_, value)| !value.contains('\0')) {
        return Cow::Borrowed(labels);
    }
    let clean = |(name, value): &(Cow<'static, str>, String)| {
        (name.clone(), value.replace('\0', "\u{fffd}"))
    };
    Cow::Owned(labels.iter().map(clean).collect())
}
