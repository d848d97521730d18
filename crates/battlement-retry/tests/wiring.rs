//! The layers fit into a service.

mod retry {
    use battlement_retry::{Http, RetryLayer, RetrySettings};
    use battlement_testkit::wiring::Settings;

    fn settings() -> Settings<RetrySettings, RetryLayer<Http>> {
        Settings::new("{}")
            .invalid(
                r#"{
                "attempts": 0,
                "backoff": { "base": "1s", "cap": "500ms" },
                "overload_backoff": { "base": "0s", "cap": "soon" },
                "longest_wait": "213504d",
                "budget": { "ratio": 1.5, "per_second": 10001, "per_authority": 0 },
                "timeout_cost": 101,
                "throttle": { "k": 0.5, "window": "0s" },
                "idempotent_methods": ["Reserve", "inventory.v1.Inventory/Release", "a/b/c"]
            }"#,
                [
                    "attempts",
                    "backoff.cap",
                    "overload_backoff.cap",
                    "overload_backoff.base",
                    "longest_wait",
                    "budget.per_authority",
                    "budget.ratio",
                    "budget.per_second",
                    "timeout_cost",
                    "throttle.k",
                    "throttle.window",
                    "idempotent_methods[0]",
                    "idempotent_methods[2]",
                ],
            )
            .invalid(
                r#"{
                "backoff": { "jitter": "decorrelated", "base": "1s", "cap": "1s" },
                "overload_backoff": { "base": "0s", "cap": "213504d" }
            }"#,
                ["backoff.cap", "overload_backoff.base", "overload_backoff.cap"],
            )
    }

    battlement_testkit::wiring! {
        body: RetryLayer::http(),
        settings: settings(),
        clients: {
            hyper_util: RetryLayer::http(),
            tonic: RetryLayer::tonic(),
            reqwest: RetryLayer::http(),
        },
        without series: "attempts are counted by the observer",
        without cors: "the layer is for clients",
    }
}

mod hedge {
    use battlement_retry::{HedgeLayer, HedgeSettings, Http};
    use battlement_testkit::wiring::Settings;

    fn settings() -> Settings<HedgeSettings, HedgeLayer<Http>> {
        Settings::new("{}")
            .invalid(
                r#"{
                    "copies": 11,
                    "percentile": 0,
                    "fallback": "0s",
                    "budget": { "ratio": -1 },
                    "idempotent_methods": ["Reserve"]
                }"#,
                ["copies", "percentile", "fallback", "budget.ratio", "idempotent_methods[0]"],
            )
            .invalid(r#"{ "delay": "soon", "fallback": "1s" }"#, ["delay", "delay"])
    }

    battlement_testkit::wiring! {
        body: HedgeLayer::http(),
        settings: settings(),
        clients: {
            hyper_util: HedgeLayer::http(),
            tonic: HedgeLayer::tonic(),
            reqwest: HedgeLayer::http(),
        },
        without series: "hedges are counted by the observer",
        without cors: "the layer is for clients",
    }
}
