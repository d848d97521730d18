//! The layer fits into a service.

use battlement_circuit_breaker::{CircuitBreakerLayer, CircuitBreakerSettings};
use battlement_testkit::wiring::Settings;

fn settings() -> Settings<CircuitBreakerSettings, CircuitBreakerLayer> {
    Settings::new("{}").invalid(
        r#"{
            "slow_after": "soon",
            "half_open": { "probes": 0, "successes": 1 },
            "max_keys": 0,
            "max_open": 1.5
        }"#,
        ["slow_after", "half_open.probes", "half_open.successes", "max_keys", "max_open"],
    )
}

battlement_testkit::wiring! {
    body: CircuitBreakerLayer::new("billing"),
    settings: settings(),
    client: CircuitBreakerLayer::new("billing"),
    without series: "verdicts are counted by the observer",
    without cors: "the layer is for clients",
}
