//! The layer fits into a service.

use battlement_shutdown::{Shutdown, ShutdownSettings};
use battlement_testkit::wiring::Settings;

fn settings() -> Settings<ShutdownSettings, Shutdown> {
    Settings::new("{}").invalid(
        r#"{ "delay": "soon", "linger": "1m", "drain": "1h", "hooks": "" }"#,
        ["delay", "hooks", "linger", "drain", "budget"],
    )
}

battlement_testkit::wiring! {
    body: Shutdown::without_signals().layer(),
    settings: settings(),
    cors: Shutdown::without_signals().layer(),
    without series: "the metrics of a shutdown are in battlement-metrics",
    without client: "the layer is for servers",
}
