//! Every settings document in the documentation of a crate or in a guide.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use battlement::{
    access_log::AccessLogSettings,
    circuit_breaker::{CircuitBreakerSettings, FallbackSettings},
    client_ip::ClientIpSettings,
    concurrency_limit::ConcurrencyLimitSettings,
    health::HealthSettings,
    metrics::MetricsSettings,
    problem::ProblemSettings,
    rate_limit::redis::{RateLimitSettings, RedisSettings},
    request_id::RequestIdSettings,
    retry::{HedgeSettings, RetryPolicySettings, RetrySettings},
    security_headers::{FetchMetadataSettings, SecurityHeadersSettings},
    serve::ServerSettings,
    shutdown::ShutdownSettings,
    timeout::{
        BodyTimeoutSettings, CallDeadlineSettings, DeadlineSettings, PropagateDeadlineSettings,
        TimeoutSettings,
    },
};
use serde_json::Value;

use crate::format::read_in_all;

#[test]
fn every_documented_document_means_the_same_in_json_toml_and_yaml() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for path in documentation() {
        for (name, document) in documents(&prose(&path)) {
            read_documented(&name, &document);
            *found.entry(name).or_default() += 1;
        }
    }
    let names: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "AccessLogSettings",
            "BodyTimeoutSettings",
            "CallDeadlineSettings",
            "CircuitBreakerSettings",
            "ClientIpSettings",
            "ConcurrencyLimitSettings",
            "DeadlineSettings",
            "FallbackSettings",
            "FetchMetadataSettings",
            "HealthSettings",
            "HedgeSettings",
            "MetricsSettings",
            "ProblemSettings",
            "PropagateDeadlineSettings",
            "RateLimitSettings",
            "RedisSettings",
            "RequestIdSettings",
            "RetryPolicySettings",
            "RetrySettings",
            "SecurityHeadersSettings",
            "ServerSettings",
            "ShutdownSettings",
            "TimeoutSettings",
        ],
        "every settings type is documented with a document"
    );
}

fn read_documented(name: &str, document: &Value) {
    match name {
        "AccessLogSettings" => drop(read_in_all::<AccessLogSettings>(document)),
        "BodyTimeoutSettings" => drop(read_in_all::<BodyTimeoutSettings>(document)),
        "CallDeadlineSettings" => drop(read_in_all::<CallDeadlineSettings>(document)),
        "CircuitBreakerSettings" => drop(read_in_all::<CircuitBreakerSettings>(document)),
        "ClientIpSettings" => drop(read_in_all::<ClientIpSettings>(document)),
        "ConcurrencyLimitSettings" => drop(read_in_all::<ConcurrencyLimitSettings>(document)),
        "DeadlineSettings" => drop(read_in_all::<DeadlineSettings>(document)),
        "FallbackSettings" => drop(read_in_all::<FallbackSettings>(document)),
        "FetchMetadataSettings" => drop(read_in_all::<FetchMetadataSettings>(document)),
        "HealthSettings" => drop(read_in_all::<HealthSettings>(document)),
        "HedgeSettings" => drop(read_in_all::<HedgeSettings>(document)),
        "MetricsSettings" => drop(read_in_all::<MetricsSettings>(document)),
        "ProblemSettings" => drop(read_in_all::<ProblemSettings>(document)),
        "PropagateDeadlineSettings" => drop(read_in_all::<PropagateDeadlineSettings>(document)),
        "RateLimitSettings" => drop(read_in_all::<RateLimitSettings>(document)),
        "RedisSettings" => drop(read_in_all::<RedisSettings>(document)),
        "RequestIdSettings" => drop(read_in_all::<RequestIdSettings>(document)),
        "RetryPolicySettings" => drop(read_in_all::<RetryPolicySettings>(document)),
        "RetrySettings" => drop(read_in_all::<RetrySettings>(document)),
        "SecurityHeadersSettings" => drop(read_in_all::<SecurityHeadersSettings>(document)),
        "ServerSettings" => drop(read_in_all::<ServerSettings>(document)),
        "ShutdownSettings" => drop(read_in_all::<ShutdownSettings>(document)),
        "TimeoutSettings" => drop(read_in_all::<TimeoutSettings>(document)),
        other => panic!("{other} is documented and not read by this test"),
    }
}

/// Returns the sources of all crates, and all guides.
fn documentation() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for folder in ["crates", "docs", "examples"] {
        collect(&root.join(folder), &mut files);
    }
    files.push(root.join("README.md"));
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "md") {
            files.push(path);
        }
    }
}

/// Returns the text of a guide, or the documentation comments of a source, in one line.
fn prose(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let is_guide = path.extension().is_some_and(|kind| kind == "md");
    let words = text.lines().filter_map(|line| {
        let line = line.trim_start();
        let comment = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
        if is_guide { Some(line) } else { comment }
    });
    words.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// Returns the documents in `let settings: Name = serde_json::from_str(r#"..."#)`.
fn documents(prose: &str) -> Vec<(String, Value)> {
    let mut documents = Vec::new();
    for (at, call) in prose.match_indices("Settings = serde_json::from_str(") {
        let before = &prose[..at];
        let name = &before[before.rfind(' ').unwrap() + 1..];
        let text = prose[at + call.len()..].trim_start().strip_prefix("r#\"");
        let text = text.unwrap_or_else(|| panic!("{name}Settings are read from elsewhere"));
        let (json, _) = text.split_once("\"#").unwrap();
        documents.push((format!("{name}Settings"), serde_json::from_str(json).unwrap()));
    }
    documents
}
