//! A configuration file is rejected with the names of the invalid fields, or becomes a layer.
#![no_main]

use battlement_rate_limit::{RateLimitLayer, RateLimitSettings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(settings) = serde_json::from_str::<RateLimitSettings>(text) else { return };
    let policies = settings.policies.len();
    match RateLimitLayer::try_from(settings) {
        Ok(layer) => {
            let (_, handle) = layer.pair();
            assert_eq!(handle.policies().len(), policies);
        }
        Err(error) => {
            let invalid = error.fields();
            assert!(!invalid.is_empty());
            assert!(invalid.iter().all(|m| !m.field().is_empty() && !m.message().is_empty()));
        }
    }
});
