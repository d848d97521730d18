//! The layer fits into a service.

use battlement_circuit_breaker::CircuitBreakerLayer;

battlement_testkit::wiring! {
    body: CircuitBreakerLayer::new("billing"),
    client: CircuitBreakerLayer::new("billing"),
    without settings: "the settings have a test of their own",
    without series: "verdicts are counted by the observer",
    without cors: "the layer is for clients",
}
