//! Bytes that a server sends in place of Redis replies are parsed or rejected without a panic.
#![no_main]

use battlement_rate_limit_redis::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz(bytes));
