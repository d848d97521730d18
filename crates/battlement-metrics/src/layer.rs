use std::sync::Arc;

use tower_layer::Layer;

use crate::{HttpMetrics, Metrics, names::Subject, side::Side};

/// Counts requests or calls. Made by an [`HttpMetrics`]; the crate's docs say what it does and where it
/// goes.
#[derive(Clone, Debug)]
pub struct MetricsLayer {
    role: Arc<Role>,
}

/// Whose requests are counted, and as what. Services share it, so that each is one pointer larger.
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

    /// Whether the layer does anything. Default: yes. Switched off, it keeps all types and passes through.
    #[must_use]
    pub fn enabled(mut self, enabled: bool) -> Self {
        Arc::make_mut(&mut self.role).enabled = enabled;
        self
    }

    /// What it counts for.
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
