//! Circuit breakers around the calls to other services.

use battlement::{
    circuit_breaker::{CircuitBreakerLayer, Http, WithError},
    metrics::{
        Exposition,
        circuit_breaker::{BreakerCounts, CircuitBreakerMetrics},
    },
};

/// The layer around each attempt at a call.
pub type Breaker = CircuitBreakerLayer<Http<WithError>>;

/// The breakers, and their metrics.
///
/// A breaker opens after five failures in a row or, from 20 calls within ten seconds on, if half of them fail. For up to
/// five seconds, and up to a minute as it opens again and again, calls then fail at once. Three probes follow, of which two
/// must succeed.
pub struct Breakers {
    metrics: CircuitBreakerMetrics,
}

impl Breakers {
    pub fn new() -> Self {
        Self { metrics: CircuitBreakerMetrics::new() }
    }

    /// Returns the breaker of `service`.
    pub fn around(&self, service: &'static str) -> Breaker {
        CircuitBreakerLayer::new(service).as_error().observe(self.counts(service))
    }

    /// Returns a layer that rejects no call, for calls that undo others: they are few, and nothing else does their work.
    pub fn none() -> Breaker {
        CircuitBreakerLayer::new("none").as_error().enabled(false)
    }

    /// Returns the metrics of the breaker of `service`, and of the fallbacks of its calls.
    pub fn counts(&self, service: &str) -> BreakerCounts {
        self.metrics.breaker(service)
    }

    /// Adds the metrics of the breakers to the page for operators.
    pub fn add_to(&self, page: Exposition) -> Exposition {
        page.circuit_breaker(&self.metrics)
    }
}
