//! Arbitrary configuration is rejected, or yields a layer that can be applied.
#![no_main]

use battlement_security_headers::{SecurityHeadersLayer, SecurityHeadersSettings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(settings) = serde_json::from_str::<SecurityHeadersSettings>(text) else { return };
    if let Err(error) = SecurityHeadersLayer::try_from(settings) {
        assert!(!error.fields().is_empty());
        assert!(error.fields().iter().all(|mistake| !mistake.message().is_empty()));
    }
});
