//! The layer fits into a service.

use battlement_metrics::{Exposition, Format, rate_limit::RateLimitMetrics};
use battlement_rate_limit::{Key, Policy, RateLimitLayer, RateLimitSettings};
use battlement_testkit::wiring::{Series, Settings};

fn layer() -> RateLimitLayer {
    RateLimitLayer::new(Policy::per_minute("all", 100), Key::global())
}

fn settings() -> Settings<RateLimitSettings, RateLimitLayer> {
    let policy = r#"{ "name": "all", "quota": 1, "period": "1s" }"#;
    Settings::new(&format!(r#"{{ "policies": [{policy}], "key": "peer" }}"#))
        .invalid(
            r#"{
                "policies": [{ "name": "", "quota": 0, "period": "soon" }],
                "key": { "header": "not a header" }, "jitter": "-1s", "capacity": 0
            }"#,
            [
                "policies[0].period",
                "policies[0].name",
                "policies[0].quota",
                "key.header",
                "jitter",
                "capacity",
            ],
        )
        .invalid(
            &format!(r#"{{ "policies": [{policy}, {policy}], "key": "peer" }}"#),
            ["policies[1].name"],
        )
}

/// Returns the page of a limiter that has not decided yet.
fn series() -> Series {
    let limits = RateLimitMetrics::new();
    let (_layer, handle) = layer().observe(limits.clone()).pair();
    limits.watch("shop", &handle);
    let page = Exposition::new().rate_limit(&limits).render(Format::Text);
    Series::new(
        page,
        [
            "battlement_rate_limit_decisions_total",
            "battlement_rate_limit_cells",
            "battlement_rate_limit_overflows_total",
        ],
    )
}

battlement_testkit::wiring! {
    body: layer(),
    settings: settings(),
    series: series(),
    cors: layer(),
    without client: "the layer is for servers",
}
