//! Retries of calls to other services.

use battlement::{
    metrics::{Exposition, retry::RetryMetrics},
    retry::{AsTonic, Http, RetryLayer, WithError},
};

/// The layers that repeat failed calls, and their metrics.
///
/// A call has up to three attempts. It is repeated only where a second attempt cannot do harm, and only within the budget
/// of its service: a fifth of the calls of the last ten seconds, and one more a second. Clones of a layer share the budget.
pub struct Retries {
    metrics: RetryMetrics,
}

impl Retries {
    pub fn new() -> Self {
        Self { metrics: RetryMetrics::new() }
    }

    /// Returns the layer for `service`, which is called over HTTP. Requests are repeated if their method is idempotent or if
    /// they have an `Idempotency-Key`.
    pub fn http(&self, service: &str) -> RetryLayer<Http<WithError>> {
        RetryLayer::http().as_error().observe(self.metrics.client(service))
    }

    /// Returns the layer for `service`, which is called over gRPC, with its idempotent methods.
    pub fn grpc(&self, service: &str, idempotent: &[&str]) -> RetryLayer<Http<WithError, AsTonic>> {
        let layer = RetryLayer::tonic().as_error().idempotent_methods(idempotent);
        layer.observe(self.metrics.client(service))
    }

    /// Adds the metrics of the retries to the page for operators.
    pub fn add_to(&self, page: Exposition) -> Exposition {
        page.retry(&self.metrics)
    }
}
