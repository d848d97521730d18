//! Settings from outside are checked whole, and each mistake is named.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_request_id::{
    Generator, InvalidField, RequestIdLayer, RequestIdSettings, RequestSpan, TraceContext, Trust,
    Untrusted,
};
use http::HeaderName;

fn parse(json: &str) -> Result<RequestIdSettings, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[test]
fn empty_settings_are_the_defaults() {
    let layer = RequestIdLayer::try_from(parse("{}").unwrap()).unwrap();
    assert_eq!(format!("{layer:?}"), format!("{:?}", RequestIdLayer::new()));
}

#[test]
fn every_setting_is_applied() {
    let json = r#"{
        "enabled": false,
        "header": "x-id",
        "trust": { "peers": ["10.0.0.0/8", "fd00::/8", "192.0.2.1"] },
        "trust_trace": "never",
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
    let networks = ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"].map(|net| net.parse().unwrap());
    let by_hand = RequestIdLayer::new()
        .enabled(false)
        .header(HeaderName::from_static("x-id"))
        .trust(Trust::peers(networks))
        .trust_trace(Trust::Never)
        .accept_length(16..=64)
        .generator(Generator::hex128())
        .correlation(HeaderName::from_static("x-flow"))
        .trace_context(TraceContext::Own)
        .untrusted_trace(Untrusted::Link)
        .sample_new_traces(true)
        .span(RequestSpan::Current)
        .echo(false)
        .rewrite_request(true);
    assert_eq!(format!("{layer:?}"), format!("{by_hand:?}"));
}

#[test]
fn every_invalid_field_is_reported_at_once() {
    let json = r#"{
        "header": "not a header",
        "trust": { "peers": ["10.0.0.0/33", "everywhere"] },
        "min_length": 9,
        "max_length": 4,
        "correlation": "traceparent"
    }"#;
    let error = RequestIdLayer::try_from(parse(json).unwrap()).unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(InvalidField::field).collect();
    assert_eq!(fields, ["header", "trust", "trust", "min_length, max_length"]);
    let text = error.to_string();
    for part in ["\"not a header\"", "such as 10.0.0.0/8, got \"everywhere\"", "got 9 to 4"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_size_beyond_its_bound_is_rejected_with_its_name() {
    for (min, max) in [(0, 8), (1, 129), (9, 8), (usize::MAX, usize::MAX), (1, usize::MAX)] {
        let json = format!(r#"{{ "min_length": {min}, "max_length": {max} }}"#);
        let error = RequestIdLayer::try_from(parse(&json).unwrap()).unwrap_err();
        assert_eq!(error.fields()[0].field(), "min_length, max_length", "{min} to {max}");
    }
    assert!(parse(r#"{ "max_length": 1e11 }"#).unwrap_err().contains("max_length"));
}

#[test]
fn a_header_that_http_defines_is_rejected_by_name() {
    for name in ["content-length", "Transfer-Encoding", "connection", "host", "date", "set-cookie"]
    {
        for field in ["header", "correlation"] {
            let settings = parse(&format!(r#"{{ "{field}": "{name}" }}"#)).unwrap();
            let error = RequestIdLayer::try_from(settings).unwrap_err();
            let [invalid] = error.fields() else { panic!("{error}") };
            assert_eq!(invalid.field(), field);
            let name = name.to_lowercase();
            assert!(invalid.message().contains(&format!("got `{name}`")), "{error}");
        }
    }
}

#[test]
fn an_unknown_field_or_word_is_rejected_by_name() {
    assert!(parse(r#"{ "trusted": "never" }"#).unwrap_err().contains("trusted"));
    assert!(parse(r#"{ "trust": "sometimes" }"#).unwrap_err().contains("sometimes"));
}

#[test]
fn an_invalid_header_conflicts_with_no_other_field() {
    let settings = parse(r#"{ "header": "no header", "correlation": "x-request-id" }"#).unwrap();
    let error = RequestIdLayer::try_from(settings).unwrap_err();
    assert_eq!(error.fields().len(), 1, "{error}");
    let settings = parse(r#"{ "correlation": "x-request-id" }"#).unwrap();
    assert!(RequestIdLayer::try_from(settings).unwrap_err().to_string().contains("correlation"));
}

#[test]
fn a_value_of_the_wrong_type_is_reported_with_its_field() {
    for (json, field) in [
        (r#"{ "min_length": "8" }"#, "min_length: "),
        (r#"{ "trust": { "peers": [7] } }"#, "trust.peers[0]: "),
        (r#"{ "echo": "yes" }"#, "echo: "),
    ] {
        let error = parse(json).unwrap_err();
        assert!(error.starts_with(field), "{error}");
    }
}
