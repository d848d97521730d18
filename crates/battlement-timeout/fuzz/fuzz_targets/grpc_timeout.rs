//! Arbitrary text is read as `grpc-timeout` only if it is one number and a unit; a time written again is never longer.
#![no_main]

mod lines;

use battlement_timeout::fuzz::{read_grpc_timeout, write_grpc_timeout};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let lines = lines::lines(input);
    let Some(time) = read_grpc_timeout(&lines) else { return };
    let [line] = &lines[..] else { panic!("{} lines", lines.len()) };
    let text = line.to_str().expect("ASCII");
    let (digits, unit) = text.split_at(text.len() - 1);
    let number: u32 = digits.parse().expect("a number");
    assert!(digits.len() <= 8 && "HMSmun".contains(unit));
    assert_eq!(time.is_zero(), number == 0);
    match write_grpc_timeout(time) {
        // The finest unit is at least as fine as that of the input, so nothing is lost.
        Some(value) => assert_eq!(read_grpc_timeout(&[value]), Some(time)),
        None => assert!(time.is_zero()),
    }
});
