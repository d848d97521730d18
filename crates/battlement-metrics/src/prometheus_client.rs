//! Integration with [prometheus-client](::prometheus_client), in both directions.

mod encode;

use std::{fmt, sync::Arc};

use ::prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    registry::Registry,
};

use crate::{Exposition, HttpMetrics, family::Families};

impl Exposition {
    /// Shows the metrics of `registry` on the same page.
    ///
    /// Metrics whose name is already in use are left out and counted by `battlement_metrics_clashes`. A registry that
    /// cannot be encoded as text (with native histograms only) is left out as a whole and logged once.
    #[must_use]
    pub fn registry(self, registry: Arc<Registry>) -> Self {
        self.page("registry", move || {
            let mut page = String::new();
            match text::encode(&mut page, &registry) {
                Ok(()) => Ok(page),
                Err(fmt::Error) => Err("registry cannot be encoded as text"),
            }
        })
    }
}

/// Shows every metric of the page in a registry of prometheus-client. A service that has such a page already adds one
/// line, `registry.register_collector(Box::new(exposition))`.
///
/// A collector cannot pass on exemplars, times and creation times, and writes bucket bounds as prometheus-client does
/// (`10.0`). Summaries of other libraries, which prometheus-client does not have, are metrics of an unknown type.
/// Encoding a registry may take some milliseconds per thousand series, so do it in `tokio::task::spawn_blocking`.
impl Collector for Exposition {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (families, foreign) = self.collect();
        families.iter().try_for_each(|family| encode::family(&mut encoder, family))?;
        foreign.iter().try_for_each(|metric| encode::foreign(&mut encoder, metric))
    }
}

/// Shows these metrics alone in a registry of prometheus-client, as an [`Exposition`] does with all of its metrics.
impl Collector for HttpMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Families::default();
        self.gather(&mut page);
        page.list.iter().try_for_each(|family| encode::family(&mut encoder, family))
    }
}
