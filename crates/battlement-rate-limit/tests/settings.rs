//! Settings are validated as a whole, and each invalid field is named.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use battlement_rate_limit::{Key, Policies, Policy, RateLimitLayer, RateLimitSettings};

fn parse(json: &str) -> Result<RateLimitSettings, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn invalid_fields(json: &str) -> (Vec<String>, String) {
    let error = RateLimitLayer::try_from(parse(json).unwrap()).unwrap_err();
    let fields = error.fields().iter().map(|mistake| mistake.field().to_owned()).collect();
    (fields, error.to_string())
}

#[test]
fn every_setting_is_accepted() {
    let json = r#"{
        "enabled": false,
        "policies": [
            { "name": "burst", "quota": 10, "period": "1s", "burst": 20 },
            { "name": "edge", "quota": 5, "period": "15m", "algorithm": "fixed-window" },
            { "name": "daily", "quota": 100, "period": "1d", "algorithm": "sliding-window", "shadow": true }
        ],
        "key": ["client-ip", "peer", "route", "global", { "header": "x-api-key" }],
        "without_key": "deny",
        "headers": "draft6",
        "jitter": "250ms",
        "capacity": 1000,
        "expose": true
    }"#;
    let layer = RateLimitLayer::try_from(parse(json).unwrap()).unwrap();
    let debug = format!("{layer:?}");
    for part in [
        "enabled: false",
        "\"burst\"",
        "burst: Some(20)",
        "FixedWindow",
        "shadow: true",
        "[client_ip, peer, route, global, header x-api-key]",
        "Deny",
        "Draft6",
        "250ms",
        "expose: true",
    ] {
        assert!(debug.contains(part), "{part} is not in {debug}");
    }
}

#[test]
fn omitted_fields_have_the_defaults_of_new() {
    let json = r#"{ "policies": [{ "name": "a", "quota": 1, "period": "1s" }], "key": "peer" }"#;
    let layer = RateLimitLayer::try_from(parse(json).unwrap()).unwrap();
    let new = RateLimitLayer::new(Policy::per_second("a", 1), Key::peer());
    assert_eq!(format!("{layer:?}"), format!("{new:?}"));
}

#[test]
fn all_invalid_fields_are_reported_at_once() {
    let (fields, text) = invalid_fields(
        r#"{
            "policies": [
                { "name": "", "quota": 0, "period": "1s" },
                { "name": "late", "quota": 1, "period": "soon" },
                { "name": "fast", "quota": 2000000, "period": "1s" },
                { "name": "both", "quota": 1, "period": "1s", "burst": 2, "algorithm": "fixed-window" }
            ],
            "key": { "header": "not a header" },
            "jitter": "-1s",
            "capacity": 0
        }"#,
    );
    let expected = [
        "policies[0].name",
        "policies[0].quota",
        "policies[1].period",
        "policies[2].quota",
        "policies[3].burst",
        "key.header",
        "jitter",
        "capacity",
    ];
    assert_eq!(fields, expected);
    assert!(
        text.contains("must be a duration such as 250ms, 10s, 5m, 24h or 7d, got \"soon\""),
        "{text}"
    );
}

#[test]
fn reloaded_policies_replace_those_of_a_layer_or_are_rejected() {
    let read = |json: &str| Policies::try_from(serde_json::from_str::<Vec<_>>(json).unwrap());
    let (_, handle) = RateLimitLayer::new(Policy::per_second("a", 1), Key::peer()).pair();
    handle.replace(read(r#"[{ "name": "a", "quota": 5, "period": "1m" }]"#).unwrap());
    assert_eq!(handle.policies()[0].quota(), 5);
    let error = read(r#"[{ "name": "a", "quota": 0, "period": "1m" }]"#).unwrap_err();
    assert_eq!(error.fields()[0].field(), "policies[0].quota");
    assert!(read("[]").is_err());
}

#[test]
fn an_empty_list_a_duplicate_name_and_an_empty_key_are_rejected() {
    assert_eq!(invalid_fields(r#"{ "policies": [], "key": "peer" }"#).0, ["policies"]);
    let twice = r#"{ "policies": [
        { "name": "a", "quota": 1, "period": "1s" }, { "name": "a", "quota": 1, "period": "1h" }
    ], "key": [] }"#;
    assert_eq!(invalid_fields(twice).0, ["policies[1].name", "key"]);
}

#[test]
fn an_unknown_field_or_value_is_rejected_by_name() {
    let policies = r#""policies": [{ "name": "a", "quota": 1, "period": "1s" }]"#;
    let with = |more: &str| parse(&format!("{{ {policies}, {more} }}")).unwrap_err();
    assert!(with(r#""key": "peer", "polices": []"#).contains("polices"));
    assert!(with(r#""key": "peer", "headers": "draft11""#).contains("draft11"));
    assert!(with(r#""without_key": "deny""#).contains("key"), "the key has no default");
    for (field, value) in [
        ("enabled", "1"),
        ("without_key", r#""block""#),
        ("headers", "11"),
        ("jitter", "5"),
        ("capacity", "-1"),
        ("expose", "null"),
    ] {
        let error = with(&format!(r#""key": "peer", "{field}": {value}"#));
        assert!(error.starts_with(&format!("{field}: ")), "{error}");
    }
    let good = r#""name": "a", "quota": 1, "period": "1s", "burst": 1, "algorithm": "gcra""#;
    for (field, from, to) in [
        ("name", r#""a""#, "7"),
        ("quota", "\"quota\": 1", "\"quota\": -1"),
        ("quota", "\"quota\": 1", "\"quota\": 4294967296"),
        ("period", r#""1s""#, "1"),
        ("burst", "\"burst\": 1", "\"burst\": 1.5"),
        ("algorithm", "gcra", "leaky"),
    ] {
        let policy = good.replace(from, to);
        let json = format!(r#"{{ "policies": [{{ {policy} }}], "key": "peer" }}"#);
        let error = parse(&json).unwrap_err();
        assert!(error.starts_with(&format!("policies[0].{field}: ")), "{error}");
    }
    for key in [r#""client_ip""#, r#"["client_ip"]"#, r#"{ "client_ip": 1 }"#, "7", "null"] {
        let error = with(&format!(r#""key": {key}"#));
        assert!(error.contains("key") && error.contains("client-ip"), "{error}");
        assert!(!key.contains("client_ip") || error.contains("`client_ip`"), "{error}");
    }
    let misspelt = r#"{ "policies": [{ "name": "a", "quota": 1, "period": "1s", "brust": 2 }], "key": "peer" }"#;
    assert!(parse(misspelt).unwrap_err().contains("brust"));
}
