//! Both layers fit into a service.

mod security_headers {
    use battlement_security_headers::{SecurityHeadersLayer, SecurityHeadersSettings};
    use battlement_testkit::wiring::Settings;

    fn settings() -> Settings<SecurityHeadersSettings, SecurityHeadersLayer> {
        Settings::new("{}").invalid(
            r#"{
                    "crossOriginOpenerPolicy": { "policy": "maybe" }, "remove": ["not a name"],
                    "hsts": { "maxAge": 5, "preload": true }
                }"#,
            ["cross-origin-opener-policy", "remove", "strict-transport-security"],
        )
    }

    battlement_testkit::wiring! {
        body: SecurityHeadersLayer::html(),
        settings: settings(),
        cors: SecurityHeadersLayer::html(),
        without series: "the layer records nothing",
        without client: "the layer is for servers",
    }
}

mod fetch_metadata {
    use battlement_security_headers::{FetchMetadataLayer, FetchMetadataSettings};
    use battlement_testkit::wiring::Settings;

    fn settings() -> Settings<FetchMetadataSettings, FetchMetadataLayer> {
        let invalid = r#"{ "exemptPaths": ["fonts/", "/logo.svg", "*"] }"#;
        Settings::new("{}").invalid(invalid, ["exemptPaths[0]", "exemptPaths[2]"])
    }

    battlement_testkit::wiring! {
        body: FetchMetadataLayer::new(),
        settings: settings(),
        cors: FetchMetadataLayer::new(),
        without series: "the layer records nothing",
        without client: "the layer is for servers",
    }
}
