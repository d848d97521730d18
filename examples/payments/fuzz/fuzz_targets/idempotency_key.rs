//! Arbitrary headers are read as a key only if there is one, and it is a quoted string; a key written again is the same.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;
use payments::{IdempotencyKey, InvalidKey};

fuzz_target!(|input: &[u8]| {
    let lines = input.split(|byte| *byte == b'\n');
    let values: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let key = match read(&values) {
        Ok(Some(key)) => key,
        Ok(None) => return assert!(values.is_empty()),
        Err(error) => return assert_eq!(error == InvalidKey::Duplicate, values.len() > 1),
    };
    let [value] = &values[..] else { panic!("{} values", values.len()) };
    assert!((1..=255).contains(&key.len()));
    let written = format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
    // Nothing but spaces around the string is left out.
    assert_eq!(value.to_str().expect("ASCII").trim_matches(' '), written);
    let written = HeaderValue::from_str(&written).expect("printable characters");
    assert_eq!(read(&[written]), Ok(Some(key)));
});

fn read(values: &[HeaderValue]) -> Result<Option<String>, InvalidKey> {
    let name = HeaderName::from_static("idempotency-key");
    let headers: HeaderMap = values.iter().map(|value| (name.clone(), value.clone())).collect();
    Ok(IdempotencyKey::read(&headers)?.map(|key| key.as_str().to_owned()))
}
