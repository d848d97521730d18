//! The guide `docs/settings.md`.

use battlement::{
    access_log::AccessLogSettings,
    circuit_breaker::CircuitBreakerSettings,
    client_ip::ClientIpSettings,
    concurrency_limit::ConcurrencyLimitSettings,
    health::HealthSettings,
    metrics::MetricsSettings,
    problem::ProblemSettings,
    rate_limit::redis::RateLimitSettings,
    request_id::RequestIdSettings,
    retry::RetrySettings,
    security_headers::{FetchMetadataSettings, SecurityHeadersSettings},
    serve::ServerSettings,
    shutdown::ShutdownSettings,
    timeout::{
        BodyTimeoutSettings, CallDeadlineSettings, DeadlineSettings, PropagateDeadlineSettings,
        TimeoutSettings,
    },
};
use serde::Deserialize;
use serde_json::Value;

use crate::format::{Format, read_in_all};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its `Debug` is compared")]
struct Whole {
    shutdown: ShutdownSettings,
    server: ServerSettings,
    health: HealthSettings,
    client_ip: ClientIpSettings,
    request_id: RequestIdSettings,
    access_log: AccessLogSettings,
    metrics: MetricsSettings,
    security_headers: SecurityHeadersSettings,
    fetch_metadata: FetchMetadataSettings,
    problem: ProblemSettings,
    deadline: DeadlineSettings,
    bodies: BodyTimeoutSettings,
    call: CallDeadlineSettings,
    retry: RetrySettings,
    circuit_breaker: CircuitBreakerSettings,
    attempt: TimeoutSettings,
    propagate: PropagateDeadlineSettings,
    rate_limit: RateLimitSettings,
    concurrency_limit: ConcurrencyLimitSettings,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its `Debug` is compared")]
struct Part {
    client_ip: ClientIpSettings,
    request_id: RequestIdSettings,
    security_headers: SecurityHeadersSettings,
    rate_limit: RateLimitSettings,
}

/// Returns the code block of this language in the guide.
fn block(language: &str) -> &'static str {
    let page = include_str!("../../docs/settings.md");
    let (_, rest) = page.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_yaml_of_the_guide_means_the_same_in_json_and_toml() {
    let text = block("yaml");
    let written: Whole = Format::Yaml.read(text).unwrap();
    let document: Value = Format::Yaml.read(text).unwrap();
    assert_eq!(format!("{:?}", read_in_all::<Whole>(&document)), format!("{written:?}"));
}

#[test]
fn the_toml_of_the_guide_means_the_same_in_json_and_yaml() {
    let text = block("toml");
    let written: Part = Format::Toml.read(text).unwrap();
    let document: Value = Format::Toml.read(text).unwrap();
    assert_eq!(format!("{:?}", read_in_all::<Part>(&document)), format!("{written:?}"));
}
