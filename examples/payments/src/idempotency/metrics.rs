use std::{fmt, sync::Arc};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric},
    metrics::gauge::ConstGauge,
    registry::Registry,
};

use super::Once;

/// The fill of the keys, read at each scrape, so that keys that expired since the last request are not counted.
struct Fill<A>(Once<A>);

/// Returns a registry for the page of metrics.
pub(crate) fn registry<A: Clone + Send + 'static>(keys: Once<A>) -> Arc<Registry> {
    let mut registry = Registry::with_prefix("payments");
    registry.register_collector(Box::new(Fill(keys)));
    Arc::new(registry)
}

impl<A: Clone + Send + 'static> Collector for Fill<A> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (count, max) = self.0.fill();
        for (name, help, value) in [
            ("idempotency_keys", "Idempotency keys that are remembered", count),
            (
                "idempotency_keys_max",
                "Number of idempotency keys at which new ones are refused",
                max,
            ),
        ] {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

impl<A> fmt::Debug for Fill<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fill").finish_non_exhaustive()
    }
}
