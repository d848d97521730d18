//! The layer fits into a service.

use battlement_problem::{ProblemLayer, ProblemSettings};
use battlement_testkit::wiring::Settings;

fn settings() -> Settings<ProblemSettings, ProblemLayer> {
    Settings::new("{}").invalid(r#"{ "types_at": "no place" }"#, ["types_at"])
}

battlement_testkit::wiring! {
    body: ProblemLayer::new(),
    settings: settings(),
    cors: ProblemLayer::new(),
    without series: "the layer records nothing",
    without client: "the layer is for servers",
}
