//! Parses arbitrary queries: the parameters are those that a simple reference implementation finds, and a name that is
//! put together from escape sequences reads back as it was.
#![no_main]

use battlement_health::fuzz::{ParsedQuery, parse_query};
use libfuzzer_sys::fuzz_target;

/// Returns the pairs of a query, decoded byte by byte.
fn pairs(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = query.split('&').filter(|pair| !pair.contains(';'));
    pairs
        .filter_map(|pair| {
            let at = pair.find('=').unwrap_or(pair.len());
            Some((decode(&pair[..at])?, decode(pair[at..].strip_prefix('=').unwrap_or(""))?))
        })
        .collect()
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, ..] = rest {
        let (byte, used) = match first {
            b'%' => {
                let digits =
                    rest.get(1..3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
                (u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()?, 3)
            }
            b'+' => (b' ', 1),
            byte => (*byte, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    Some(bytes)
}

fuzz_target!(|query: &str| {
    let ParsedQuery { is_verbose, format, excluded } = parse_query(query);
    let pairs = pairs(query);
    let values = |key: &[u8]| -> Vec<Vec<u8>> {
        pairs.iter().filter(|pair| pair.0 == key).map(|pair| pair.1.clone()).collect()
    };
    assert_eq!(is_verbose, !values(b"verbose").is_empty());
    assert_eq!(format, values(b"format").into_iter().next());
    let mut expected = values(b"exclude");
    expected.sort();
    expected.dedup();
    assert_eq!(excluded, expected);
    let escaped: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(parse_query(&format!("exclude={escaped}")).excluded, [query.as_bytes()]);
});
