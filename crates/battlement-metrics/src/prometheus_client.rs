//! Integration with [prometheus-client](::prometheus_client), in both directions.

use std::{fmt, sync::Arc};

use ::prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text::encode},
    metrics::MetricType,
    registry::{Registry, Unit},
};

use crate::{
    Exposition, HttpMetrics,
    family::{Buckets, Families, Family, Kind, Value},
};

impl Exposition {
    /// Shows the metrics of `registry` on the same page.
    ///
    /// Metrics whose name is already in use are left out and counted by `battlement_metrics_clashes`. A registry that
    /// cannot be encoded as text (with native histograms only) is left out as a whole and logged once.
    #[must_use]
    pub fn registry(self, registry: Arc<Registry>) -> Self {
        self.page("registry", move || {
            let mut page = String::new();
            match encode(&mut page, &registry) {
                Ok(()) => Ok(page),
                Err(fmt::Error) => Err("registry cannot be encoded as text"),
            }
        })
    }
}

impl HttpMetrics {
    /// Returns a collector of these metrics for a registry: without exemplars, which the collector interface does not
    /// support, and with bucket bounds as prometheus-client writes them (`10.0`).
    #[must_use]
    pub fn collector(&self) -> HttpCollector {
        HttpCollector(self.clone())
    }
}

/// A collector for prometheus-client, created by [`HttpMetrics::collector`].
#[derive(Clone, Debug)]
pub struct HttpCollector(HttpMetrics);

impl Collector for HttpCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Families::default();
        self.0.gather(&mut page);
        page.list.iter().try_for_each(|family| encode_family(&mut encoder, family))
    }
}

fn encode_family(encoder: &mut DescriptorEncoder<'_>, family: &Family) -> fmt::Result {
    if family.samples.is_empty() {
        return Ok(());
    }
    let unit = family.unit().map(|unit| match unit {
        "seconds" => Unit::Seconds,
        _ => Unit::Bytes,
    });
    // The registry appends the unit to the name and a full stop to the help.
    let name = match family.unit() {
        Some(unit) => &family.name[..family.name.len() - unit.len() - 1],
        None => &family.name,
    };
    let help = family.help.trim_end_matches('.');
    let kind = match family.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    };
    let mut metric = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
    for (labels, value) in &family.samples {
        if labels.is_empty() {
            encode_value(&mut metric, family.kind, value)?;
        } else {
            encode_value(&mut metric.encode_family(labels)?, family.kind, value)?;
        }
    }
    Ok(())
}

fn encode_value(metric: &mut MetricEncoder<'_>, kind: Kind, value: &Value) -> fmt::Result {
    match (value, kind) {
        (Value::Number(number), Kind::Counter) => {
            metric.encode_counter::<NoLabelSet, f64, f64>(number, None)
        }
        (Value::Number(number), _) => metric.encode_gauge(number),
        (Value::Histogram(buckets), _) => encode_histogram(metric, buckets),
    }
}

fn encode_histogram(metric: &mut MetricEncoder<'_>, buckets: &Buckets) -> fmt::Result {
    #[expect(clippy::cast_precision_loss, reason = "as every number of the format")]
    let sum = buckets.snapshot.sum as f64 / buckets.scale;
    let bounds = buckets.bounds.iter().copied().chain([f64::INFINITY]);
    let counts: Vec<(f64, u64)> = bounds.zip(buckets.snapshot.buckets).collect();
    metric.encode_histogram::<NoLabelSet>(sum, buckets.snapshot.count(), &counts, None)
}
