use std::sync::Arc;

use tower_layer::Layer;

use crate::{HttpMetrics, Metrics, names::Subject, side::Side};

/// A layer that records metrics of requests or calls. Created by an [`HttpMetrics`]; see the crate documentation.
#[derive(Clone, Debug)]
pub struct MetricsLayer {
    role: Arc<Role>,
}

/// Configuration shared by all clones of a metrics layer. It is behind an `Arc`, so a service is one pointer larger.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) metrics: HttpMetrics,
    pub(crate) side: Side,
    pub(crate) client: Option<Subject>,
    pub(crate) enabled: bool,
}

impl MetricsLayer {
    pub(crate) fn new(metrics: HttpMetrics, side: Side, client: Option<Subject>) -> Self {
        Self { role: Arc::new(Role { metrics, side, client, enabled: true }) }
    }

    /// Enables or disables the layer. Default: enabled. A disabled layer keeps its types and passes requests through.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        Arc::make_mut(&mut self.role).enabled = enabled;
        self
    }

    /// Returns the metrics that the layer records to.
    #[must_use]
    pub fn metrics(&self) -> &HttpMetrics {
        &self.role.metrics
    }
}

impl<S> Layer<S> for MetricsLayer {
    type Service = Metrics<S>;

    fn layer(&self, inner: S) -> Metrics<S> {
        Metrics::new(inner, Arc::clone(&self.role))
    }
}
