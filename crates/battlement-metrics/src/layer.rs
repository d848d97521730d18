use tower_layer::Layer;

use crate::{HttpMetrics, Metrics, names::Subject, side::Side};

/// Counts requests or calls. Made by an [`HttpMetrics`]; the crate's docs say what it does and where it
/// goes.
#[derive(Clone, Debug)]
pub struct MetricsLayer {
    metrics: HttpMetrics,
    side: Side,
    client: Option<Subject>,
    enabled: bool,
}

impl MetricsLayer {
    pub(crate) const fn new(metrics: HttpMetrics, side: Side, client: Option<Subject>) -> Self {
        Self { metrics, side, client, enabled: true }
    }

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and passes through.
    #[must_use]
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// What it counts for.
    #[must_use]
    pub const fn metrics(&self) -> &HttpMetrics {
        &self.metrics
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metrics<S>;

    fn layer(&self, inner: S) -> Metrics<S> {
        let metrics = self.enabled.then(|| self.metrics.clone());
        Metrics::new(inner, metrics, self.side, self.client)
    }
}
