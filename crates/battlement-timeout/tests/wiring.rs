//! The layers fit into a service.

#[cfg(feature = "serde")]
mod body {
    use battlement_testkit::wiring::Settings;
    use battlement_timeout::{BodyTimeoutLayer, BodyTimeoutSettings};

    fn settings() -> Settings<BodyTimeoutSettings, BodyTimeoutLayer> {
        Settings::new("{}")
            .invalid(
                r#"{
                    "request": { "first_byte": "9s", "idle": "0s", "total": "8s" },
                    "response": { "first_byte": "soon", "idle": "2m", "total": "1m" }
                }"#,
                ["response.first_byte", "request.idle", "request.first_byte", "response.idle"],
            )
            .invalid(r#"{ "request": { "total": "0s" } }"#, ["request.total"])
    }

    battlement_testkit::wiring! {
        body: BodyTimeoutLayer::new(),
        settings: settings(),
        cors: BodyTimeoutLayer::new(),
        without series: "expiries are counted by the observer",
        without client: "the layer changes the type of the request body, which a client fixes",
    }
}

mod propagate {
    use battlement_timeout::PropagateDeadlineLayer;

    battlement_testkit::wiring! {
        body: PropagateDeadlineLayer::new(),
        client: PropagateDeadlineLayer::new(),
        without settings: "the layer is configured in code",
        without series: "the layer records nothing",
        without cors: "the layer is for clients",
    }
}
