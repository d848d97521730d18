//! The layer fits into a service.

use battlement_client_ip::{ClientIpLayer, ClientIpSettings};
use battlement_testkit::wiring::Settings;

fn settings() -> Settings<ClientIpSettings, ClientIpLayer> {
    Settings::new("{}")
        .invalid(
            r#"{
                "trusted": ["everywhere"], "hops": 0, "header": "not a header", "scheme_header": "",
                "ipv6_prefix": 129
            }"#,
            ["trusted", "hops", "hops", "header", "scheme_header", "ipv6_prefix"],
        )
        .invalid(r#"{ "header": "x-forwarded-for" }"#, ["header"])
        .invalid(r#"{ "hops": 1 }"#, ["trusted"])
}

battlement_testkit::wiring! {
    body: ClientIpLayer::new(),
    settings: settings(),
    cors: ClientIpLayer::new(),
    without series: "battlement-metrics has the series, and its tests check them",
    without client: "the layer is for servers",
}
