//! Header lines from the input of the fuzzer.

use http::HeaderValue;

/// Returns the lines of the input that are valid in a header.
pub fn lines(input: &[u8]) -> Vec<HeaderValue> {
    let lines = input.split(|byte| *byte == b'\n');
    lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect()
}
