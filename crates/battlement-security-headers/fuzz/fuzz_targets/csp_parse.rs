//! Arbitrary text is rejected, or parsed into a policy that is written without further directives or policies.
#![no_main]

use battlement_security_headers::Csp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(csp) = Csp::parse(text) else { return };
    let written = csp.to_string();
    assert!(written.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b','));
    assert!(!written.contains('"'));
    assert_eq!(Csp::parse(&written).as_ref(), Ok(&csp));
    let named = text.split(';').filter(|directive| !directive.trim_ascii().is_empty());
    assert_eq!(written.split(';').count(), named.count());
    assert_eq!(csp.clone().change().build(), Ok(csp));
});
