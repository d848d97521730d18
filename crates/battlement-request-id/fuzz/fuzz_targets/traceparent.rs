//! No header makes the parser panic, and what it accepts, it writes and reads back the same.
#![no_main]

use battlement_request_id::fuzz::parse_traceparent;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    if let Some(trace) = parse_traceparent(value) {
        let written = trace.traceparent();
        assert!(written.starts_with(b"00-"));
        assert_eq!(parse_traceparent(&written), Some(trace));
    }
});
