#![cfg(feature = "serde")]

use battlement_timeout::{DeadlineLayer, DeadlineSettings};

use crate::served::{MS, get, left};

fn layer(json: &str) -> Result<DeadlineLayer, String> {
    let settings: DeadlineSettings = serde_json::from_str(json).unwrap();
    DeadlineLayer::try_from(settings).map_err(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_maximum_alone_lowers_the_default_and_a_default_above_the_maximum_is_refused() {
    assert_eq!(left(&layer(r#"{ "max": "10s" }"#).unwrap(), get(&[])).await, 10_000 * MS);
    for (json, max) in
        [(r#"{ "default": "90s" }"#, "60s"), (r#"{ "default": "90s", "max": "10s" }"#, "10s")]
    {
        let error = layer(json).unwrap_err();
        let expected = format!("default: must be at most `max`, {max}, got 90s");
        assert!(error.contains(&expected), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn settings_from_a_file_apply() {
    let json = r#"{ "default": "10s", "max": "2m", "header": "envoy", "trusted": ["127.0.0.1"] }"#;
    let settings: DeadlineSettings = serde_json::from_str(json).unwrap();
    let layer = DeadlineLayer::try_from(settings).unwrap();
    assert_eq!(left(&layer, get(&[])).await, 10_000 * MS);
    let mut request = get(&[("x-envoy-expected-rq-timeout-ms", "90000")]);
    let peer = battlement_core::PeerAddr(([127, 0, 0, 1], 4711).into());
    request.extensions_mut().insert(peer);
    assert_eq!(left(&layer, request).await, 90_000 * MS);
}

#[test]
fn a_maximum_of_zero_is_the_only_field_that_is_reported() {
    let error = layer(r#"{ "max": "0s" }"#).unwrap_err();
    assert!(error.contains("max: must be greater than zero"), "{error}");
    assert!(!error.contains("default"), "{error}");
}
