//! Both layers fit into a service.

mod server {
    use battlement_request_id::{RequestIdLayer, RequestIdSettings};
    use battlement_testkit::wiring::Settings;

    fn settings() -> Settings<RequestIdSettings, RequestIdLayer> {
        Settings::new("{}")
            .invalid(
                r#"{
                    "header": "not a header", "trust": { "peers": ["everywhere"] }, "correlation": "",
                    "min_length": 9, "max_length": 4
                }"#,
                ["header", "correlation", "trust", "min_length, max_length"],
            )
            .invalid(r#"{ "correlation": "x-request-id" }"#, ["correlation"])
    }

    battlement_testkit::wiring! {
        body: RequestIdLayer::new(),
        settings: settings(),
        cors: RequestIdLayer::new(),
        without series: "the layer records nothing",
        without client: "the layer is for servers",
    }
}

mod client {
    use battlement_request_id::PropagateLayer;

    battlement_testkit::wiring! {
        body: PropagateLayer::new(),
        client: PropagateLayer::new(),
        without settings: "the layer is configured in code",
        without series: "the layer records nothing",
        without cors: "the layer is for clients",
    }
}
