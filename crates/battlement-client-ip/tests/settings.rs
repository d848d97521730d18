//! Settings from outside are checked whole, and each mistake is named.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_client_ip::{ClientIpLayer, ClientIpSettings, Forwarding, InvalidField};
use http::HeaderName;

fn parse(json: &str) -> Result<ClientIpSettings, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn layer(json: &str) -> String {
    format!("{:?}", ClientIpLayer::try_from(parse(json).unwrap()).unwrap())
}

fn invalid_fields(json: &str) -> Vec<InvalidField> {
    let error = ClientIpLayer::try_from(parse(json).unwrap()).unwrap_err();
    error.into_fields()
}

fn fields(json: &str) -> Vec<String> {
    invalid_fields(json).into_iter().map(|invalid| invalid.field().to_owned()).collect()
}

#[test]
fn default_settings_trust_no_proxy() {
    assert!(layer("{}").contains("resolver: None"));
}

#[test]
fn every_setting_is_applied() {
    let debug = layer(
        r#"{
            "enabled": false,
            "trusted": ["10.0.0.0/8", "fd00::/8", "192.0.2.7", "unix"],
            "header": "X-Forwarded-For",
            "scheme_header": "x-forwarded-proto",
            "host_header": "x-forwarded-host",
            "ipv6_prefix": 56
        }"#,
    );
    for part in [
        "enabled: false",
        "10.0.0.0/8",
        "fd00::/8",
        "192.0.2.7/32",
        "unix: true",
        "\"x-forwarded-for\"",
        "\"x-forwarded-proto\"",
        "\"x-forwarded-host\"",
        "ipv6_prefix: 56",
    ] {
        assert!(debug.contains(part), "{part} is not in {debug}");
    }
    assert!(layer(r#"{ "hops": 2, "header": "forwarded" }"#).contains("Hops(2)"));
    assert!(
        layer(r#"{ "hops": 1, "trusted": ["unix"], "header": "forwarded" }"#)
            .contains("unix: true")
    );
    assert!(layer(r#"{ "trusted": ["unix"], "header": "cf-connecting-ip" }"#).contains("Single"));
}

#[test]
fn every_invalid_field_is_reported_at_once() {
    let json = r#"{
        "trusted": ["10.0.0.0/33", "everywhere", "10.0.0.0/8"],
        "hops": 0,
        "header": "not a header",
        "scheme_header": "neither is this",
        "ipv6_prefix": 129
    }"#;
    assert_eq!(
        fields(json),
        ["trusted", "trusted", "hops", "hops", "header", "scheme_header", "ipv6_prefix"]
    );
    let text = ClientIpLayer::try_from(parse(json).unwrap()).unwrap_err().to_string();
    for part in [
        "client IP settings: trusted: must be a network such as 10.0.0.0/8, got \"10.0.0.0/33\"",
        "\"everywhere\"",
        "got 129",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_header_without_proxies_and_proxies_without_a_header_are_rejected() {
    assert_eq!(fields(r#"{ "header": "x-forwarded-for" }"#), ["header"]);
    assert_eq!(fields(r#"{ "trusted": ["10.0.0.0/8"] }"#), ["trusted"]);
    assert_eq!(fields(r#"{ "hops": 1 }"#), ["trusted"]);
    assert_eq!(fields(r#"{ "scheme_header": "x-forwarded-proto" }"#), ["header"]);
}

#[test]
fn trusting_every_address_is_rejected_and_so_is_a_scheme_header_with_forwarded() {
    for all in [r#""0.0.0.0/0""#, r#""::/0""#, r#""0.0.0.0/1", "128.0.0.0/1""#] {
        let json = format!(r#"{{ "trusted": [{all}], "header": "x-forwarded-for" }}"#);
        assert!(
            invalid_fields(&json)[0].message().contains("must not contain every address"),
            "{all}"
        );
    }
    let json = r#"{ "hops": 1, "header": "forwarded", "scheme_header": "x-forwarded-proto" }"#;
    assert_eq!(fields(json), ["scheme_header"]);
}

#[test]
fn a_size_beyond_its_bound_is_rejected_with_its_name() {
    for hops in [0, 33, 255] {
        let json = format!(r#"{{ "hops": {hops}, "header": "x-forwarded-for" }}"#);
        assert_eq!(fields(&json), ["hops"], "{hops}");
    }
    for bits in [0, 31, 129, 255] {
        assert_eq!(fields(&format!(r#"{{ "ipv6_prefix": {bits} }}"#)), ["ipv6_prefix"], "{bits}");
    }
}

#[test]
fn a_header_that_http_defines_is_rejected_by_name() {
    for name in
        ["content-length", "Transfer-Encoding", "connection", "date", "set-cookie", "cookie"]
    {
        for field in ["header", "scheme_header", "host_header"] {
            let rest = if field == "header" { "" } else { r#", "header": "x-forwarded-for""# };
            let json = format!(r#"{{ "hops": 1, "{field}": "{name}"{rest} }}"#);
            let invalid_fields = invalid_fields(&json);
            let [invalid] = &invalid_fields[..] else { panic!("{invalid_fields:?}") };
            assert_eq!(invalid.field(), field);
            let name = name.to_lowercase();
            assert!(invalid.message().contains(&format!("got `{name}`")), "{}", invalid.message());
        }
    }
    assert_eq!(fields(r#"{ "hops": 1, "header": "host" }"#), ["header"]);
}

#[test]
fn the_host_header_itself_can_name_the_host() {
    let json = r#"{ "hops": 1, "header": "x-forwarded-for", "host_header": "host" }"#;
    assert!(layer(json).contains("host: Some(\"host\")"));
}

#[test]
#[should_panic(
    expected = "Forwarding: header: must be a header that HTTP does not define, got `cookie`"
)]
fn a_header_of_one_address_that_http_defines_is_rejected_by_name() {
    let _ = Forwarding::single(HeaderName::from_static("cookie"));
}

#[test]
fn an_unknown_field_is_rejected_by_name() {
    assert!(parse(r#"{ "trust": [] }"#).unwrap_err().contains("trust"));
}

#[test]
fn a_value_of_the_wrong_type_is_reported_with_its_field() {
    for (json, field) in [
        (r#"{ "ipv6_prefix": "64" }"#, "ipv6_prefix: "),
        (r#"{ "trusted": ["unix", 7] }"#, "trusted[1]: "),
        (r#"{ "enabled": 1 }"#, "enabled: "),
    ] {
        let error = parse(json).unwrap_err();
        assert!(error.starts_with(field), "{error}");
    }
}
