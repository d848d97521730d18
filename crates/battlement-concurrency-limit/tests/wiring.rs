//! The layers fit into a service.

use std::time::Duration;

use battlement_concurrency_limit::{
    ConcurrencyLimitLayer, ConcurrencyLimitSettings, QueuedConcurrencyLimitLayer,
};
use battlement_testkit::wiring::Settings;

const INVALID: &str = r#"{
    "adaptive": { "min": 0, "max": 3000000000, "initial": 4000000000 },
    "queue": { "length": 0, "time": "0s" },
    "classes": [{ "name": "a", "reserve": 0.7 }, { "name": "a", "reserve": 1.5 }],
    "default_class": "b",
    "class_header": "x class",
    "trusted": ["10.0.0.0/33"],
    "exempt_paths": ["livez"]
}"#;

fn settings() -> Settings<ConcurrencyLimitSettings, QueuedConcurrencyLimitLayer> {
    Settings::new(r#"{ "limit": 256 }"#)
        .invalid(
            INVALID,
            [
                "trusted",
                "class_header",
                "exempt_paths",
                "adaptive.min",
                "adaptive.max",
                "adaptive.initial",
                "classes[1].name",
                "classes[1].reserve",
                "classes",
                "default_class",
                "queue.length",
                "queue.time",
            ],
        )
        .invalid(r#"{ "limit": 0, "queue": { "length": 8 } }"#, ["queue.time", "limit"])
}

fn queue() -> QueuedConcurrencyLimitLayer {
    ConcurrencyLimitLayer::fixed(256).queue(64, Duration::from_millis(100))
}

battlement_testkit::wiring! {
    body: ConcurrencyLimitLayer::fixed(256),
    settings: settings(),
    client: ConcurrencyLimitLayer::fixed(256),
    cors: ConcurrencyLimitLayer::adaptive(),
    without series: "rejections are counted by the observer",
}

mod queued {
    use super::queue;

    battlement_testkit::wiring! {
        body: queue(),
        client: queue(),
        cors: queue(),
        without settings: "the settings are those of both layers",
        without series: "rejections are counted by the observer",
    }
}
