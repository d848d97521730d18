//! The settings fit into a service.

use battlement_health::{Health, HealthBuilder, HealthLayer, HealthSettings};
use battlement_testkit::wiring::Settings;

fn settings() -> Settings<HealthSettings, HealthBuilder> {
    Settings::new("{}").invalid(
        r#"{
            "interval": "1s",
            "timeout": "1h",
            "fail_after": 0,
            "recover_after": 0,
            "stale_after": "1s",
            "details": "some",
            "checks": { "redis": { "interval": "soon" } }
        }"#,
        [
            "details",
            "checks.redis.interval",
            "timeout",
            "fail_after",
            "recover_after",
            "stale_after",
        ],
    )
}

battlement_testkit::wiring! {
    body: HealthLayer::new(&Health::new()),
    settings: settings(),
    cors: HealthLayer::new(&Health::new()),
    without series: "the metrics of a registry are in battlement-metrics",
    without client: "the layer is for servers",
}
