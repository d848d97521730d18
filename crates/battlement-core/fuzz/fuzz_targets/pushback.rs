//! Arbitrary text is read as `grpc-retry-pushback-ms` only if it is a number; anything else forbids a retry.
#![no_main]

use std::time::{Duration, Instant};

use battlement_core::{Classify, Ending, Failure, GrpcStatus, Pushback, Verdict};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("14"));
    trailers.insert("grpc-retry-pushback-ms", value.clone());
    let verdict = GrpcStatus.end(Ending::Trailers, Some(&trailers));
    let Verdict::Failure(Failure::Overload { pushback: Some(pushback) }) = verdict else {
        panic!("{verdict:?}");
    };
    let is_number = !value.is_empty() && value.as_bytes().iter().all(u8::is_ascii_digit);
    match pushback {
        Pushback::Stop => assert!(!is_number, "{value:?}"),
        Pushback::Wait(wait) => {
            assert!(is_number, "{value:?}");
            assert!(Instant::now().checked_add(wait).is_some());
            let millis = value.to_str().ok().and_then(|text| text.parse().ok());
            let most = Duration::from_secs(u32::MAX.into());
            assert_eq!(wait, Duration::from_millis(millis.unwrap_or(u64::MAX)).min(most));
        }
    }
});
