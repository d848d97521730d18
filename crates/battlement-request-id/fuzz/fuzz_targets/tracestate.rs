//! No headers make the parser panic, and a list that it keeps is short, clean and read back the same.
#![no_main]

use battlement_request_id::fuzz::combine_tracestate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // A line of the input is a header.
    if let Some(list) = combine_tracestate(input.split(|byte| *byte == b'\n')) {
        assert!(!list.is_empty() && list.len() <= 512);
        assert!(list.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        assert!(list.split(',').count() <= 32);
        assert_eq!(combine_tracestate([list.as_bytes()]), Some(list));
    }
});
