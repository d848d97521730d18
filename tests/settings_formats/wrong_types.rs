//! A value of the wrong type is reported with its field, in every crate, format and depth.

use std::fmt::Debug;

use battlement::{
    circuit_breaker::{CircuitBreakerSettings, FallbackSettings},
    client_ip::ClientIpSettings,
    concurrency_limit::ConcurrencyLimitSettings,
    health::HealthSettings,
    metrics::MetricsSettings,
    problem::ProblemSettings,
    rate_limit::{
        PolicySettings, RateLimitSettings,
        redis::{OnFailure, RedisSettings},
    },
    request_id::RequestIdSettings,
    retry::{HedgeSettings, RetryPolicySettings, RetrySettings},
    security_headers::{FetchMetadataSettings, SecurityHeadersSettings},
    serve::ServerSettings,
    shutdown::ShutdownSettings,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::format::Format;

#[test]
fn a_value_of_the_wrong_type_is_reported_with_its_field_in_every_crate_and_format() {
    let policies = json!([{ "name": "a", "quota": 1, "period": "1s" }]);
    assert_eq!(
        [
            all_fields::<CircuitBreakerSettings>(json!({})),
            all_fields::<ClientIpSettings>(json!({})),
            all_fields::<ConcurrencyLimitSettings>(json!({})),
            all_fields::<FallbackSettings>(json!({})),
            all_fields::<FetchMetadataSettings>(json!({})),
            all_fields::<HealthSettings>(json!({})),
            all_fields::<HedgeSettings>(json!({})),
            all_fields::<MetricsSettings>(json!({})),
            all_fields::<ProblemSettings>(json!({})),
            all_fields::<RateLimitSettings>(json!({ "policies": policies, "key": "peer" })),
            all_fields::<PolicySettings>(policies[0].clone()),
            all_fields::<RedisSettings>(json!({ "url": "redis://127.0.0.1/" })),
            all_fields::<RequestIdSettings>(json!({})),
            all_fields::<RetryPolicySettings>(json!({})),
            all_fields::<RetrySettings>(json!({})),
            all_fields::<SecurityHeadersSettings>(json!({})),
            all_fields::<ServerSettings>(json!({})),
            all_fields::<ShutdownSettings>(json!({})),
        ]
        .map(|fields| fields > 2),
        [true; 18],
        "the fields are found"
    );
}

/// Writes a wrong value into each field of `document` and returns the number of fields.
fn all_fields<T: DeserializeOwned + Debug>(document: Value) -> usize {
    let fields = fields::<T>(&document, &[]);
    for field in &fields {
        is_named::<T>(&document, &[field]);
        for inner in self::fields::<T>(&document, &[field]) {
            is_named::<T>(&document, &[field, &inner]);
        }
    }
    fields.len()
}

/// Returns the names of the fields at `path`, which the error of an unknown field lists.
fn fields<T: DeserializeOwned + Debug>(document: &Value, path: &[&str]) -> Vec<String> {
    let unknown = put(document, path, json!({ "no such field": 1 }));
    let Err(error) = Format::Json.read::<T>(&unknown.to_string()) else { return Vec::new() };
    let Some((_, known)) = error.split_once("unknown field `no such field`, expected ") else {
        return Vec::new();
    };
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn is_named<T: DeserializeOwned + Debug>(document: &Value, path: &[&str]) {
    // No field is a list of lists. (YAML accepts a number where a text is expected.)
    let wrong = put(document, path, json!([[1.5]]));
    let name = path.join(".");
    for format in Format::ALL {
        let error = format.read::<T>(&format.write(&wrong)).unwrap_err();
        let rest = error.strip_prefix(&*name).unwrap_or_else(|| panic!("{format:?}: {error}"));
        assert!(rest.starts_with([':', '[']), "{format:?}: {name} is not named by {error}");
    }
}

/// Returns `document` with `value` at `path`, and without another name of the same field.
fn put(document: &Value, path: &[&str], value: Value) -> Value {
    let Some((name, rest)) = path.split_first() else {
        let mut all = document.as_object().cloned().unwrap_or_default();
        all.extend(value.as_object().cloned().unwrap_or_default());
        return all.into();
    };
    let mut all = document.as_object().cloned().unwrap_or_default();
    let inner = if rest.is_empty() { value } else { put(&Map::new().into(), rest, value) };
    all.insert((*name).to_owned(), inner);
    all.into()
}

#[test]
fn a_wrong_type_inside_a_list_or_a_map_is_reported_with_its_whole_path() {
    let limits = |policy: Value, key: Value| json!({ "policies": [{ "name": "a", "quota": 1, "period": "1s" }, policy], "key": key });
    let policy = json!({ "name": "b", "quota": 1, "period": "1s" });
    names::<RateLimitSettings>(
        &limits(json!({ "quota": "many" }), json!("peer")),
        "policies[1].quota",
    );
    names::<RateLimitSettings>(&limits(json!({ "brust": 1 }), json!("peer")), "policies[1].brust");
    names::<RateLimitSettings>(
        &limits(policy.clone(), json!(["peer", { "header": [] }])),
        "key[1].header",
    );
    names::<RateLimitSettings>(&limits(policy.clone(), json!(["peer", "ip"])), "key[1]");
    names::<RateLimitSettings>(&limits(policy, json!({ "header": [] })), "key.header");
    names::<RequestIdSettings>(&json!({ "trust": { "peers": "10.0.0.0/8" } }), "trust.peers");
    names::<RequestIdSettings>(
        &json!({ "trust_trace": { "peers": [[]] } }),
        "trust_trace.peers[0]",
    );
    names::<OnFailure>(&json!({ "local-fallback": { "share": "x" } }), "local-fallback.share");
    names::<ClientIpSettings>(&json!({ "trusted": ["unix", []] }), "trusted[1]");
    names::<ConcurrencyLimitSettings>(
        &json!({ "classes": [{ "name": "a" }, { "name": "b", "reserve": "c" }] }),
        "classes[1].reserve",
    );
    names::<ConcurrencyLimitSettings>(&json!({ "queue": { "length": "x" } }), "queue.length");
    names::<MetricsSettings>(&json!({ "duration_buckets": [1, "2"] }), "duration_buckets[1]");
    names::<RetrySettings>(&json!({ "backoff": { "jitter": "none" } }), "backoff.jitter");
    names::<RetrySettings>(&json!({ "throttle": { "k": "2" } }), "throttle.k");
    names::<RetrySettings>(&json!({ "idempotent_methods": ["a/b", []] }), "idempotent_methods[1]");
    names::<ProblemSettings>(&json!({ "expose": "all" }), "expose");
    let csp =
        |directives: Value| json!({ "content-security-policy": { "directives": directives } });
    names::<SecurityHeadersSettings>(
        &csp(json!({ "imgSrc": ["'self'", []] })),
        "content-security-policy.directives.imgSrc[1]",
    );
    names::<SecurityHeadersSettings>(&json!({ "hsts": { "maxAge": "1y" } }), "hsts.maxAge");
    names::<SecurityHeadersSettings>(
        &json!({ "permissionsPolicy": { "camera": [[]] } }),
        "permissionsPolicy.camera[0]",
    );
}

fn names<T: DeserializeOwned + Debug>(document: &Value, path: &str) {
    for format in Format::ALL {
        let error = format.read::<T>(&format.write(document)).unwrap_err();
        assert!(error.starts_with(&format!("{path}: ")), "{format:?}: {path} is not in {error}");
    }
}

#[test]
fn a_field_is_reported_in_settings_inside_those_of_a_service() {
    #[derive(Debug, serde::Deserialize)]
    struct Service {
        #[expect(dead_code, reason = "it is not read")]
        limits: RateLimitSettings,
    }
    let policy = json!({ "name": "a", "quota": "many", "period": "1s" });
    let document = json!({ "limits": { "policies": [policy], "key": "peer" } });
    for format in Format::ALL {
        let error = format.read::<Service>(&format.write(&document)).unwrap_err();
        assert!(error.contains("policies[0].quota: "), "{format:?}: {error}");
        assert_eq!(error.matches("policies[0]").count(), 1, "{format:?}: {error}");
    }
}

#[test]
fn a_secret_of_the_wrong_type_is_reported_without_its_value() {
    for (document, path) in [
        (json!({ "url": "redis://h/", "key_secret": [1_234_567_890_123_456_u64] }), "key_secret"),
        (json!({ "url": { "password": "s3cret" } }), "url"),
        (json!({ "url": [[1_234_567_890_123_456_u64]] }), "url"),
    ] {
        names::<RedisSettings>(&document, path);
        for format in Format::ALL {
            let error = format.read::<RedisSettings>(&format.write(&document)).unwrap_err();
            let message = error.rsplit_once('|').map_or(&*error, |(_, message)| message);
            assert!(!message.contains("s3cret") && !message.contains("123456789"), "{error}");
        }
    }
}
