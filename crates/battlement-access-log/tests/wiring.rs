//! The layers of servers and of clients fit into a service.

mod server {
    use battlement_access_log::{AccessLogLayer, AccessLogSettings};
    use battlement_testkit::wiring::Settings;

    fn settings() -> Settings<AccessLogSettings, AccessLogLayer> {
        Settings::new("{}").invalid(
            r#"{
                "headers": ["cookie"], "never": ["not a name"], "slow": "soon", "sample": 0,
                "skip": { "paths": ["livez"], "below": 7 }, "levels": { "ok": "loud" }, "longest_value": 1,
                "stdout": { "queue": 0 }
            }"#,
            [
                "never[0]",
                "slow",
                "sample",
                "levels.ok",
                "stdout.queue",
                "headers[0]",
                "longest_value",
                "skip.paths[0]",
                "skip.below",
            ],
        )
    }

    battlement_testkit::wiring! {
        body: AccessLogLayer::new(),
        settings: settings(),
        cors: AccessLogLayer::new(),
        without series: "records are counted by the observer",
        without client: "the layer is for servers; the next module has the layer of clients",
    }
}

mod client {
    use battlement_access_log::AccessLogLayer;

    battlement_testkit::wiring! {
        body: AccessLogLayer::client("shop"),
        client: AccessLogLayer::client("shop"),
        without settings: "the settings are those of the server's layer",
        without series: "records are counted by the observer",
        without cors: "the layer is for clients",
    }
}
