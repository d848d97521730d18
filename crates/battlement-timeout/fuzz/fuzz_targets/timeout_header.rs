//! Arbitrary text is read as a timeout only if it is one number, with a unit for Linkerd; a time written again is never
//! longer, and less than the step in which it is written shorter.
#![no_main]

mod lines;

use std::time::Duration;

use battlement_timeout::{
    TimeoutHeader,
    fuzz::{read_header, write_header},
};
use libfuzzer_sys::fuzz_target;

/// The longest time that is written.
const MOST: Duration = Duration::from_millis(99_999_990);

fuzz_target!(|input: &[u8]| {
    let lines = lines::lines(input);
    for header in [TimeoutHeader::default(), TimeoutHeader::envoy(), TimeoutHeader::linkerd()] {
        let Some(time) = read_header(&header, &lines) else { continue };
        let [line] = &lines[..] else { panic!("{} lines", lines.len()) };
        let text = line.to_str().expect("ASCII");
        let digits = text.trim_end_matches(|unit: char| unit.is_ascii_lowercase());
        let number: u32 = digits.parse().expect("a number");
        assert!(digits.len() <= 8 && text.len() - digits.len() <= 2);
        assert_eq!(time.is_zero(), number == 0);
        match write_header(&header, time) {
            Some(value) => {
                let written = read_header(&header, &[value]).expect("a time");
                let step = if time < Duration::from_secs(10) { 1 } else { 10 };
                assert!(written <= time.min(MOST));
                assert!(time.min(MOST) - written < Duration::from_millis(step));
            }
            None => assert!(time.is_zero()),
        }
    }
    if let Ok(text) = str::from_utf8(input)
        && let Ok(header) = text.parse::<TimeoutHeader>()
    {
        assert_eq!(header.name().as_str().parse(), Ok(header));
    }
});
