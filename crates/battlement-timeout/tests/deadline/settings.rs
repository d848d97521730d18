#![cfg(feature = "serde")]

use battlement_timeout::{DeadlineLayer, DeadlineSettings};

use crate::served::{MS, get, left};

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
