//! Settings from outside are checked whole, and each mistake is named.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_request_id::{RequestIdLayer, RequestIdSettings};

fn parse(json: &str) -> Result<RequestIdSettings, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn no_settings_are_the_defaults() {
    let layer = RequestIdLayer::try_from(parse("{}").unwrap()).unwrap();
    assert_eq!(format!("{layer:?}"), format!("{:?}", RequestIdLayer::new()));
}

#[test]
fn every_setting_can_be_said() {
    let json = r#"{
        "enabled": true,
        "header": "x-id",
        "trust": { "peers": ["10.0.0.0/8", "fd00::/8"] },
        "min_length": 16,
        "max_length": 64,
        "generator": "hex128",
        "correlation": "x-flow",
        "trace_context": "own",
        "untrusted_trace": "link",
        "sample_new_traces": true,
        "span": "current",
        "echo": false,
        "rewrite_request": true
    }"#;
    let layer = RequestIdLayer::try_from(parse(json).unwrap()).unwrap();
    let debug = format!("{layer:?}");
    for part in ["x-id", "10.0.0.0/8", "16..=64", "Hex128", "x-flow", "Own", "Link", "Current"] {
        assert!(debug.contains(part), "{part} is not in {debug}");
    }
}

#[test]
fn every_mistake_is_told_at_once_with_its_field() {
    let json = r#"{
        "header": "not a header",
        "trust": { "peers": ["10.0.0.0/33", "everybody"] },
        "min_length": 9,
        "max_length": 4,
        "correlation": "traceparent"
    }"#;
    let error = RequestIdLayer::try_from(parse(json).unwrap()).unwrap_err();
    let fields: Vec<_> = error.mistakes().iter().map(|mistake| mistake.field).collect();
    assert_eq!(fields, ["header", "trust.peers", "trust.peers", "accept_length", "correlation"]);
    let text = error.to_string();
    for part in ["\"not a header\"", "\"everybody\" is no network", "9 to 4 bytes"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn an_unknown_field_or_word_is_refused_by_name() {
    assert!(parse(r#"{ "trusted": "never" }"#).unwrap_err().contains("trusted"));
    assert!(parse(r#"{ "trust": "sometimes" }"#).unwrap_err().contains("sometimes"));
}
