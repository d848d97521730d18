//! Whatever a server sends in place of the replies of Redis is read or refused, and nothing panics.
#![no_main]

use battlement_rate_limit::redis::fuzz;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| fuzz(bytes));
