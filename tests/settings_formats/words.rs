//! Settings that are a word or a map, in the usual syntax of each format.

use battlement::{
    rate_limit::{KeyPart, KeySetting, redis::OnFailure},
    request_id::{RequestIdSettings, TrustSetting},
    security_headers::SecurityHeadersSettings,
};
use serde::Deserialize;

use crate::format::Format::{self, Json, Toml, Yaml};

#[derive(Debug, Deserialize)]
struct Limits {
    key: KeySetting,
}

#[derive(Debug, Deserialize)]
struct Redis {
    on_failure: OnFailure,
}

#[test]
fn trusted_peers_are_a_plain_map_in_every_format() {
    let written: [(Format, &str); 5] = [
        (Json, r#"{ "trust": { "peers": ["10.0.0.0/8"] } }"#),
        (Toml, r#"trust = { peers = ["10.0.0.0/8"] }"#),
        (Toml, "[trust]\npeers = [\"10.0.0.0/8\"]"),
        (Yaml, "trust: { peers: [10.0.0.0/8] }"),
        (Yaml, "trust:\n  peers:\n    - 10.0.0.0/8"),
    ];
    for (format, text) in written {
        let settings: RequestIdSettings = format.read(text).unwrap();
        let TrustSetting::Peers(peers) = settings.trust else { panic!("{text}") };
        assert_eq!(peers, ["10.0.0.0/8"], "{text}");
    }
}

#[test]
fn a_key_of_words_and_maps_is_a_plain_list_in_every_format() {
    let written: [(Format, &str); 4] = [
        (Json, r#"{ "key": ["client-ip", { "header": "x-api-key" }] }"#),
        (Toml, r#"key = ["client-ip", { header = "x-api-key" }]"#),
        (Yaml, "key: [client-ip, { header: x-api-key }]"),
        (Yaml, "key:\n  - client-ip\n  - header: x-api-key"),
    ];
    for (format, text) in written {
        let Limits { key: KeySetting::All(parts) } = format.read(text).unwrap() else {
            panic!("{text}")
        };
        let [KeyPart::ClientIp, KeyPart::Header(name)] = &parts[..] else { panic!("{parts:?}") };
        assert_eq!(name, "x-api-key");
    }
}

#[test]
fn one_part_of_a_key_is_a_word_or_a_plain_map_in_every_format() {
    let header: [(Format, &str); 3] = [
        (Json, r#"{ "key": { "header": "x-api-key" } }"#),
        (Toml, r#"key.header = "x-api-key""#),
        (Yaml, "key: { header: x-api-key }"),
    ];
    for (format, text) in header {
        let read: Limits = format.read(text).unwrap();
        assert!(matches!(read.key, KeySetting::One(KeyPart::Header(_))), "{text}");
    }
    let word: [(Format, &str); 3] =
        [(Json, r#"{ "key": "route" }"#), (Toml, r#"key = "route""#), (Yaml, "key: route")];
    for (format, text) in word {
        let read: Limits = format.read(text).unwrap();
        assert!(matches!(read.key, KeySetting::One(KeyPart::Route)), "{text}");
    }
}

#[test]
fn a_share_of_the_local_fallback_is_a_plain_map_in_every_format() {
    let written: [(Format, &str); 4] = [
        (Json, r#"{ "on_failure": { "local-fallback": { "share": 25 } } }"#),
        (Toml, "on_failure = { local-fallback = { share = 25 } }"),
        (Yaml, "on_failure: { local-fallback: { share: 25 } }"),
        (Yaml, "on_failure:\n  local-fallback:\n    share: 25"),
    ];
    for (format, text) in written {
        let read: Redis = format.read(text).unwrap();
        assert!(matches!(read.on_failure, OnFailure::LocalFallback { .. }), "{text}");
    }
    let words = [(Json, r#"{ "on_failure": "deny" }"#), (Yaml, "on_failure: deny")];
    for (format, text) in words {
        assert_eq!(format.read::<Redis>(text).unwrap().on_failure, OnFailure::Deny, "{text}");
    }
}

#[test]
fn a_tag_of_yaml_is_read_as_before() {
    let settings: RequestIdSettings = Yaml.read("trust: !peers [10.0.0.0/8]").unwrap();
    assert!(matches!(settings.trust, TrustSetting::Peers(_)));
    let read: Redis = Yaml.read("on_failure: !local-fallback { share: 25 }").unwrap();
    assert!(matches!(read.on_failure, OnFailure::LocalFallback { .. }));
}

#[test]
fn words_that_are_booleans_in_older_yaml_stay_words() {
    let settings: RequestIdSettings = Yaml.read("trace_context: off\nspan: off").unwrap();
    assert_eq!(format!("{:?} {:?}", settings.trace_context, settings.span), "Off Off");
}

#[test]
fn false_omits_a_directive_in_a_format_without_null() {
    let without = |format: Format, text| {
        let settings: SecurityHeadersSettings = format.read(text).unwrap();
        format!("{settings:?}")
    };
    let null = r#"{ "contentSecurityPolicy": { "directives": { "styleSrc": null } } }"#;
    let json = without(Json, null);
    assert_eq!(without(Toml, "contentSecurityPolicy.directives.styleSrc = false"), json);
    assert_eq!(without(Yaml, "contentSecurityPolicy: { directives: { styleSrc: ~ } }"), json);
}
