//! Any `accept` header selects a supported format.
#![no_main]

use battlement_metrics::Format;
use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    let headers = HeaderMap::from_iter([(header::ACCEPT, value)]);
    // A scraper that does not name OpenMetrics does not get it.
    if Format::accepted(&headers) == Format::OpenMetrics {
        assert!(
            bytes
                .windows(28)
                .any(|part| part.eq_ignore_ascii_case(b"application/openmetrics-text"))
        );
    }
});
