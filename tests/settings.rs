//! A service that reports the invalid settings of several layers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement::{
    client_ip, metrics, problem, rate_limit, request_id, retry, security_headers, timeout,
};
use battlement_core::ConfigError;
use serde_json::from_str;

/// Reads the settings of a layer as a service does, and collects the errors to report them together.
fn read<S, L>(json: &str, errors: &mut Vec<ConfigError>) -> Option<L>
where
    S: serde::de::DeserializeOwned,
    L: TryFrom<S, Error = ConfigError>,
{
    from_str::<S>(json).unwrap().try_into().map_err(|error| errors.push(error)).ok()
}

#[test]
fn a_service_reports_the_invalid_settings_of_all_layers_at_once() {
    let mut errors = Vec::new();
    let policies =
        r#"{"key": "client-ip", "policies": [{"name": "a", "quota": 0, "period": "1s"}]}"#;
    let limit: Option<rate_limit::RateLimitLayer> =
        read::<rate_limit::RateLimitSettings, _>(policies, &mut errors);
    let id: Option<request_id::RequestIdLayer> =
        read::<request_id::RequestIdSettings, _>(r#"{"header": "not one"}"#, &mut errors);
    let client: Option<client_ip::ClientIpLayer> =
        read::<client_ip::ClientIpSettings, _>(r#"{"ipv6_prefix": 200}"#, &mut errors);
    let headers: Option<security_headers::SecurityHeadersLayer> =
        read::<security_headers::SecurityHeadersSettings, _>(
            r#"{"remove": ["not a name"]}"#,
            &mut errors,
        );
    let counts: Option<metrics::HttpMetricsBuilder> =
        read::<metrics::MetricsSettings, _>(r#"{"shards": 3}"#, &mut errors);
    let problems: Option<problem::ProblemLayer> =
        read::<problem::ProblemSettings, _>(r#"{"types_at": "/problems"}"#, &mut errors);
    let deadline: Option<timeout::DeadlineLayer> =
        read::<timeout::DeadlineSettings, _>(r#"{"default": "2m"}"#, &mut errors);
    let bodies: Option<timeout::BodyTimeoutLayer> =
        read::<timeout::BodyTimeoutSettings, _>(r#"{"request": {"idle": "0s"}}"#, &mut errors);
    let call: Option<timeout::CallDeadlineLayer> =
        read::<timeout::CallDeadlineSettings, _>(r#"{"limit": "soon"}"#, &mut errors);
    let attempt: Option<timeout::TimeoutLayer> =
        read::<timeout::TimeoutSettings, _>(r#"{"limit": "1s", "status": 404}"#, &mut errors);
    let propagate: Option<timeout::PropagateDeadlineLayer> =
        read::<timeout::PropagateDeadlineSettings, _>(r#"{"margin": "5"}"#, &mut errors);
    let calls: Option<retry::RetryLayer<retry::Http>> =
        read::<retry::RetrySettings, _>(r#"{"budget": {"ratio": 2}}"#, &mut errors);
    assert!(calls.is_none() && propagate.is_none());
    assert!(deadline.is_none() && bodies.is_none() && call.is_none() && attempt.is_none());
    assert!(problems.is_none());
    assert!(limit.is_none() && id.is_none() && client.is_none());
    assert!(headers.is_none() && counts.is_none());
    let fields: Vec<_> = errors
        .iter()
        .flat_map(|error| error.fields().iter().map(|field| (error.subject(), field.field())))
        .collect();
    assert_eq!(
        fields,
        [
            ("rate limit settings", "policies[0].quota"),
            ("request id settings", "header"),
            ("client IP settings", "ipv6_prefix"),
            ("security headers", "remove"),
            ("metrics settings", "shards"),
            ("problem settings", "types_at"),
            ("deadline settings", "default"),
            ("body timeout settings", "request.idle"),
            ("call deadline settings", "limit"),
            ("timeout settings", "status"),
            ("propagate deadline settings", "margin"),
            ("retry settings", "budget.ratio"),
        ]
    );
}
