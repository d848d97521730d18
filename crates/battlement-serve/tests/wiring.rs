//! The settings of a server.

use battlement_serve::{Limits, ServerSettings};
use battlement_testkit::wiring::Settings;

fn settings() -> Settings<ServerSettings, Limits> {
    Settings::new("{}").invalid(
        r#"{ "first_request": "soon", "idle": "0s", "age_grace": "1s", "requests": 0, "header_bytes": 100000,
             "stream_window": 0, "connection_window": 0 }"#,
        [
            "first_request",
            "idle",
            "requests",
            "stream_window",
            "connection_window",
            "header_bytes",
            "age_grace",
        ],
    )
}

battlement_testkit::wiring! {
    settings: settings(),
    without body: "a server is not a layer",
    without series: "the metrics of a server are in battlement-metrics",
    without client: "a server is not a layer",
    without cors: "a server is not a layer",
}
