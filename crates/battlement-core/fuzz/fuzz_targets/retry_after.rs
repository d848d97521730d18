//! Arbitrary text is read as `Retry-After` only if it is a number of seconds or a date, and never as a wait that
//! overflows a clock.
#![no_main]

use std::time::{Duration, Instant};

use battlement_core::RetryAfter;
use http::{HeaderMap, HeaderValue, header::RETRY_AFTER};
use libfuzzer_sys::fuzz_target;

/// The longest wait that is read, 2³² seconds.
const MOST: Duration = Duration::from_secs(u32::MAX as u64);

fuzz_target!(|input: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
    let Some(RetryAfter(wait)) = RetryAfter::from_headers(&headers) else { return };
    assert!(wait <= MOST && Instant::now().checked_add(wait).is_some());
    let text = headers[RETRY_AFTER].to_str().expect("ASCII").trim();
    match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => {
            let seconds = text.parse().unwrap_or(u64::MAX);
            assert_eq!(wait, Duration::from_secs(seconds).min(MOST));
        }
        // A date of any form has the digits of a time.
        false => assert!(text.contains(':')),
    }
    // What is written again is read again, rounded up to whole seconds and to at least one.
    let written = RetryAfter(wait).header_value();
    let again = RetryAfter::from_headers(&HeaderMap::from_iter([(RETRY_AFTER, written)]));
    assert!(again.expect("a number").0 >= wait.min(MOST));
});
