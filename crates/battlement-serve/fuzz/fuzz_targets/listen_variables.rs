//! Arbitrary variables of a parent name as many descriptors as they say, or none, or an error that quotes no control
//! character.
#![no_main]

use battlement_serve::fuzz::read_listen_variables;
use libfuzzer_sys::fuzz_target;

const PROCESS: u32 = 4_711;

fuzz_target!(|input: &str| {
    // Lines are the variables; a missing line is a missing variable.
    let mut lines = input.splitn(3, '\n');
    let (pid, fds, names) = (lines.next(), lines.next(), lines.next());
    match read_listen_variables(pid, fds, names, PROCESS) {
        Ok(found) if found.is_empty() => {
            let is_ours = pid.and_then(|pid| pid.parse().ok()) == Some(PROCESS);
            let count = fds.and_then(|fds| fds.parse::<u128>().ok());
            assert!(!is_ours || matches!(count, None | Some(0)), "descriptors were dropped");
        }
        Ok(found) => {
            assert_eq!(pid.expect("a process").parse(), Ok(PROCESS));
            assert_eq!(fds.expect("a number").parse(), Ok(found.len()));
            assert!(found.len() <= 1_024);
            for name in &found {
                assert!(!name.is_empty() && name.len() <= 255);
                assert!(name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b':'));
            }
            if let Some(names) = names {
                let given =
                    names.split(':').map(|name| if name.is_empty() { "unknown" } else { name });
                assert!(given.eq(found.iter().map(String::as_str)));
            }
        }
        Err(error) => {
            assert!(error.starts_with("`LISTEN_"));
            assert!(!error.contains(|character: char| character.is_ascii_control()));
        }
    }
});
