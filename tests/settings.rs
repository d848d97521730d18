//! What is wrong with the settings of several layers, in the hands of one service.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement::{client_ip, metrics, problem, rate_limit, request_id, security_headers};
use battlement_core::ConfigError;
use serde_json::from_str;

/// Reads the settings of a layer as a service does: those that are none are told later, with the others.
fn read<S, L>(json: &str, wrong: &mut Vec<ConfigError>) -> Option<L>
where
    S: serde::de::DeserializeOwned,
    L: TryFrom<S, Error = ConfigError>,
{
    from_str::<S>(json).unwrap().try_into().map_err(|error| wrong.push(error)).ok()
}

#[test]
fn a_service_tells_the_mistakes_of_all_layers_at_once() {
    let mut wrong = Vec::new();
    let policies =
        r#"{"key": "client-ip", "policies": [{"name": "a", "quota": 0, "period": "1s"}]}"#;
    let limit: Option<rate_limit::RateLimitLayer> =
        read::<rate_limit::RateLimitSettings, _>(policies, &mut wrong);
    let id: Option<request_id::RequestIdLayer> =
        read::<request_id::RequestIdSettings, _>(r#"{"header": "not one"}"#, &mut wrong);
    let client: Option<client_ip::ClientIpLayer> =
        read::<client_ip::ClientIpSettings, _>(r#"{"ipv6_prefix": 200}"#, &mut wrong);
    let headers: Option<security_headers::SecurityHeadersLayer> =
        read::<security_headers::SecurityHeadersSettings, _>(
            r#"{"remove": ["no name"]}"#,
            &mut wrong,
        );
    let counts: Option<metrics::HttpMetricsBuilder> =
        read::<metrics::MetricsSettings, _>(r#"{"shards": 3}"#, &mut wrong);
    let problems: Option<problem::ProblemLayer> =
        read::<problem::ProblemSettings, _>(r#"{"types_at": "/problems"}"#, &mut wrong);
    assert!(problems.is_none());
    assert!(limit.is_none() && id.is_none() && client.is_none());
    assert!(headers.is_none() && counts.is_none());
    let told: Vec<_> = wrong
        .iter()
        .flat_map(|error| error.fields().iter().map(|mistake| (error.subject(), mistake.field())))
        .collect();
    assert_eq!(
        told,
        [
            ("rate limit settings", "policies[0].quota"),
            ("request id settings", "header"),
            ("client IP settings", "ipv6_prefix"),
            ("security headers", "remove"),
            ("metrics settings", "shards"),
            ("problem settings", "types_at"),
        ]
    );
}
