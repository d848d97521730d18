//! Configuration in Helmet's shape means what it means to Helmet, and every error in it is reported.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answering;

use battlement_security_headers::{
    FetchMetadataLayer, FetchMetadataSettings, SecurityHeadersLayer, SecurityHeadersSettings,
};
use http::Response;
use serde_json::{Value, json};

use crate::answering::{answer, header, http};

fn layer(options: Value) -> Result<SecurityHeadersLayer, String> {
    let settings: SecurityHeadersSettings =
        serde_json::from_value(options).map_err(|error| error.to_string())?;
    SecurityHeadersLayer::try_from(settings).map_err(|error| error.to_string())
}

async fn headers(layer: &SecurityHeadersLayer) -> Value {
    let headers = answer(layer, http(), |_| Response::new("")).await;
    headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()])).collect()
}

/// Compares with Helmet 8's responses to many options; see `helmet/record.mjs`.
#[tokio::test]
async fn helmet_s_options_give_helmet_s_headers_and_what_it_refuses_is_refused() {
    let recorded: Vec<Value> = serde_json::from_str(include_str!("helmet/answers.json")).unwrap();
    assert!(recorded.len() > 120);
    for case in recorded {
        match layer(case["options"].clone()) {
            Ok(layer) => assert_eq!(headers(&layer).await, case["headers"], "{}", case["options"]),
            Err(error) => {
                assert_eq!(case["headers"], Value::Null, "{} {error}", case["options"]);
            }
        }
    }
}

#[tokio::test]
async fn keys_may_be_written_as_the_headers_are() {
    let kebab = json!({
        "content-security-policy": { "use-defaults": false, "directives": { "default-src": "'none'" } },
        "strict-transport-security": { "max-age": 5, "include-sub-domains": false },
        "x-frame-options": false,
        "cross-origin-opener-policy": false,
        "referrer-policy": { "policy": "origin" },
        "x-dns-prefetch-control": { "allow": true },
        "x-permitted-cross-domain-policies": { "permitted-policies": "all" },
    });
    let camel = json!({
        "contentSecurityPolicy": { "useDefaults": false, "directives": { "defaultSrc": ["'none'"] } },
        "strictTransportSecurity": { "maxAge": 5, "includeSubDomains": false },
        "xFrameOptions": false,
        "crossOriginOpenerPolicy": false,
        "referrerPolicy": { "policy": ["origin"] },
        "xDnsPrefetchControl": { "allow": true },
        "xPermittedCrossDomainPolicies": { "permittedPolicies": "all" },
    });
    assert_eq!(headers(&layer(kebab).unwrap()).await, headers(&layer(camel).unwrap()).await);
}

#[test]
fn unknown_and_misspelt_keys_are_refused_by_name() {
    for (options, name) in [
        (json!({ "contentSecurityPolice": false }), "contentSecurityPolice"),
        (json!({ "expectCt": true }), "expectCt"),
        (json!({ "hsts": { "maxage": 1 } }), "maxage"),
        (json!({ "hsts": { "includeSubdomains": true } }), "includeSubdomains"),
        (json!({ "contentSecurityPolicy": { "reportonly": true } }), "reportonly"),
        (json!({ "contentSecurityPolicy": { "directives": { "scripSrc": [] } } }), "\"scripSrc\""),
        (
            json!({ "contentSecurityPolicy": { "directives": { "pluginTypes": null } } }),
            "\"pluginTypes\"",
        ),
        (json!({ "crossOriginResourcePolicy": { "reportTo": "x" } }), "reportTo"),
        (json!({ "permissionsPolicy": { "camara": [] } }), "camara"),
        (json!({ "force": ["x-frame-option"] }), "x-frame-option"),
    ] {
        let error = layer(options).unwrap_err();
        assert!(error.contains(name), "{name} is not in {error}");
    }
}

#[test]
fn a_key_is_quoted_as_it_was_written() {
    let csp = |directives: Value| {
        layer(json!({ "contentSecurityPolicy": { "directives": directives } })).unwrap_err()
    };
    for (key, other) in [("scriptSrc", "script-src"), ("script-src", "scriptSrc")] {
        let error = csp(json!({ key: ["self"] }));
        assert!(error.contains(&format!("content-security-policy.{key}: \"self\"")), "{error}");
        assert!(!error.contains(other), "{error}");
        let error = csp(json!({ "script-src": ["'self'"], "scriptSrc": ["'none'"] }));
        assert!(error.contains(&format!("{key:?}")), "{error}");
    }
    for key in ["fooBar", "foo-bar", "pluginTypes", "plugin-types", "Foo"] {
        assert!(csp(json!({ key: ["'self'"] })).contains(&format!("{key:?} is ")), "{key}");
    }
    let error = layer(json!({ "permissionsPolicy": { "clipBoard": [] } })).unwrap_err();
    assert!(error.contains("\"clipBoard\""), "{error}");
}

#[tokio::test]
async fn values_unknown_to_this_crate_can_be_used_unchecked() {
    let csp = |unchecked: Value| {
        layer(json!({
            "preset": "none",
            "contentSecurityPolicy": {
                "useDefaults": false,
                "directives": {
                    "defaultSrc": ["'self'", "'report-sha1024'"],
                    "nextSrc": "'self' 'next'",
                    "sandbox": ["allow-next"],
                },
                "unchecked": unchecked,
            },
        }))
    };
    let layer = csp(json!(["'report-sha1024'", "nextSrc", "allow-next"])).unwrap();
    let policy = header(&layer, "content-security-policy").await;
    let expected = "default-src 'self' 'report-sha1024';next-src 'self' 'next';sandbox allow-next";
    assert_eq!(policy.as_deref(), Some(expected));
    let error = csp(json!(["'report-sha1024'", "allow-other"])).unwrap_err();
    for part in [
        "\"nextSrc\" is not a known directive",
        "\"allow-next\" is not",
        "\"allow-other\" does not",
    ] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
}

#[test]
fn a_header_that_frames_the_answer_cannot_be_removed() {
    for name in ["content-length", "Transfer-Encoding", "content-encoding", "connection", "upgrade"]
    {
        let error = layer(json!({ "remove": ["via", name] })).unwrap_err();
        let named = format!("remove: \"{}\" must not be removed", name.to_lowercase());
        assert!(error.contains(&named), "{error}");
    }
}

#[test]
fn a_header_that_is_named_twice_is_refused() {
    assert!(layer(json!({ "hsts": false, "strictTransportSecurity": true })).is_err());
    assert!(layer(json!({ "x-frame-options": true, "frameguard": true })).is_err());
}

#[test]
fn every_invalid_option_is_reported_at_once() {
    let error = layer(json!({
        "contentSecurityPolicy": { "directives": { "scriptSrc": ["self"], "reportTo": "nowhere" } },
        "crossOriginOpenerPolicy": { "policy": "maybe" },
        "crossOriginEmbedderPolicyReportOnly": { "reportTo": "nowhere" },
        "referrerPolicy": { "policy": ["origin", "origin"] },
        "hsts": { "maxAge": 5, "preload": true },
        "xFrameOptions": { "action": "allow" },
        "reportingEndpoints": { "Main": "http://reports.example.com" },
        "remove": ["not a name"],
    }))
    .unwrap_err();
    for part in [
        "\"self\" needs single quotes",
        "cross-origin-opener-policy: must be one of same-origin, ",
        "cross-origin-embedder-policy-report-only: `report-to` refers to unknown endpoint \"nowhere\"",
        "\"origin\" is a duplicate",
        "a max-age of at least 31536000",
        "x-frame-options: must be one of DENY, SAMEORIGIN, got \"allow\"",
        "got \"Main\"",
        "\"not a name\" is not a header name",
    ] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
}

#[tokio::test]
async fn options_that_helmet_lacks_are_accepted() {
    let layer = layer(json!({
        "preset": "html",
        "contentSecurityPolicyReportOnly": {
            "directives": { "scriptSrc": ["'nonce'"], "reportTo": "main" }
        },
        "crossOriginEmbedderPolicyReportOnly": { "policy": "credentialless", "reportTo": "main" },
        "permissionsPolicy": { "camera": [], "fullscreen": "*", "geolocation": "self https://a.example" },
        "reportingEndpoints": { "main": "https://reports.example.com/" },
        "hsts": { "when": "always" },
        "remove": ["x-aspnet-version"],
        "force": ["x-frame-options"],
    }))
    .unwrap();
    for (name, value) in [
        ("cross-origin-embedder-policy-report-only", "credentialless; report-to=\"main\""),
        ("permissions-policy", "camera=(), fullscreen=*, geolocation=(self \"https://a.example\")"),
        ("reporting-endpoints", "main=\"https://reports.example.com/\""),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(header(&layer, name).await.as_deref(), Some(value));
    }
    let trial = header(&layer, "content-security-policy-report-only").await.unwrap();
    assert!(trial.contains(";script-src 'none';") && trial.ends_with(";report-to main"), "{trial}");
}

#[tokio::test]
async fn presets_and_switching_off_can_be_said() {
    let none = layer(json!({ "preset": "none", "permissions-policy": true })).unwrap();
    assert!(header(&none, "permissions-policy").await.unwrap().starts_with("accelerometer=(), "));
    let api = layer(json!({ "preset": "api" })).unwrap();
    assert_eq!(header(&api, "cache-control").await.as_deref(), Some("no-store"));
    let off = layer(json!({ "enabled": false })).unwrap();
    assert_eq!(headers(&off).await, json!([]));
}

#[test]
fn fetch_metadata_has_settings_too() {
    let settings: FetchMetadataSettings = serde_json::from_value(
        json!({ "reportOnly": true, "same-site": false, "exemptPaths": ["/fonts/"], "enabled": true }),
    )
    .unwrap();
    let debug = format!("{:?}", FetchMetadataLayer::try_from(settings).unwrap());
    for part in ["report_only: true", "same_site: false", "\"/fonts/\""] {
        assert!(debug.contains(part), "{part} is not in {debug}");
    }
    let wrong = json!({ "exemptPaths": ["fonts/", "/logo.svg", "*", "/fonts/*", "/a?x"] });
    let settings: FetchMetadataSettings = serde_json::from_value(wrong).unwrap();
    let error = FetchMetadataLayer::try_from(settings).unwrap_err();
    let fields: Vec<_> = error.fields().iter().map(battlement_core::InvalidField::field).collect();
    assert_eq!(fields, ["exemptPaths[0]", "exemptPaths[2]", "exemptPaths[3]", "exemptPaths[4]"]);
    let unknown = serde_json::from_value::<FetchMetadataSettings>(json!({ "exempt": [] }));
    assert!(unknown.unwrap_err().to_string().contains("exempt"));
}

#[test]
fn a_value_of_the_wrong_type_is_reported_with_its_field() {
    for (options, field) in [
        (json!({ "hsts": { "maxAge": "1y" } }), "hsts.maxAge: "),
        (json!({ "remove": [7] }), "remove[0]: "),
        (
            json!({ "contentSecurityPolicy": { "directives": { "imgSrc": [7] } } }),
            "contentSecurityPolicy",
        ),
    ] {
        let error = layer(options).unwrap_err();
        assert!(error.starts_with(field), "{error}");
    }
}
